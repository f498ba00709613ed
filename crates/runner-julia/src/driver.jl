# The driver of a Julia session: it runs queries in `Main` of this process, as the REPL does, and keeps their state.
#
# It talks to the runner over descriptors 3 to 6, as docs/src/session-link.md has it; standard input, output and error
# belong to the user's code. It lives in a module without a name in `Main`, so the user's code cannot get in its way.
#
# Julia throws an interrupt into whatever it runs. The driver therefore runs under `disable_sigint`, which keeps an
# interrupt for later, and only the user's code under `reenable_sigint`.

import FileWatching, REPL
using REPL: REPLCompletions

Base.Experimental.@optlevel 0

const FILE = @__FILE__
# Calls what few queries need, so that it is compiled when one does: the first query waits for the start.
const rarely = Base.invokelatest

const INTERRUPTED = 130
const MOST_COMPLETIONS = 1000

# What is on the link ------------------------------------------------------------------------------

const EINTR, EAGAIN = Libc.EINTR, Libc.EAGAIN
const F_SETFD, FD_CLOEXEC, F_DUPFD_CLOEXEC = 2, 1, 1030
const POLLIN, EPOLL_CTL_DEL = 1, 2

struct PollDescriptor
    descriptor::Cint
    events::Cshort
    found::Cshort
end

# The two ends of the link, what has been read from it, and whose turn it is.
mutable struct Link
    watcher::Any
    unread::Vector{UInt8}
    chunk::Vector{UInt8}
    sequence::Int
    # Between queries answers and queries arrive together: only in one may an answer be waited for.
    is_in_query::Bool
    turn::Threads.SpinLock
end

const link = Link(nothing, UInt8[], Vector{UInt8}(undef, 1 << 16), 0, false, Threads.SpinLock())

bytes(part::AbstractString) = Vector{UInt8}(codeunits(String(part)))
bytes(part::Vector{UInt8}) = part
bytes(part::AbstractVector{UInt8}) = Vector{UInt8}(part)
bytes(part::Integer) = bytes(string(part))

# Sends a frame: a header line with the lengths of its parts, then the parts as they are.
function tell(kind::String, parts...)
    blocks = Vector{UInt8}[bytes(part) for part in parts]
    data = bytes(string(kind, (string(' ', length(block)) for block in blocks)..., '\n'))
    foreach(block -> append!(data, block), blocks)
    sent = 0
    GC.@preserve data while sent < length(data)
        count = ccall(:write, Cssize_t, (Cint, Ptr{UInt8}, Csize_t), 4, pointer(data) + sent, length(data) - sent)
        count < 0 && Libc.errno() != EINTR && exit(1)
        sent += max(count, 0)
    end
end

# Waits until the runner says something, at most so many milliseconds, and returns whether it does.
wait_for_runner(milliseconds) =
    ccall(:poll, Cint, (Ref{PollDescriptor}, Culong, Cint), PollDescriptor(3, POLLIN, 0), 1, milliseconds) > 0

# Reads more from the link. An idle wait lets the user's tasks run, any other one nothing. The runner's end is ours.
function read_more(is_idle::Bool)
    while true
        count = ccall(:read, Cssize_t, (Cint, Ptr{UInt8}, Csize_t), 3, link.chunk, length(link.chunk))
        error = Libc.errno()
        if count > 0
            append!(link.unread, view(link.chunk, 1:count))
            return
        elseif count == 0 || error != EINTR && error != EAGAIN
            exit(0)
        elseif is_idle
            wait(link.watcher)
        else
            wait_for_runner(-1)
        end
    end
end

# The next frame: its kind, and its parts.
function receive(is_idle::Bool)
    while true
        newline = findfirst(isequal(UInt8('\n')), link.unread)
        if newline !== nothing
            header = split(String(link.unread[1:newline-1]), ' ')
            finish = newline
            parts = Vector{UInt8}[]
            for size in parse.(Int, header[2:end])
                while length(link.unread) < finish + size
                    read_more(false)
                end
                push!(parts, link.unread[finish+1:finish+size])
                finish += size
            end
            deleteat!(link.unread, 1:finish)
            return String(header[1]), parts
        end
        read_more(is_idle)
    end
end

# Asks the runner, and returns the answer's bytes: none at the end of the input.
function ask(kind::String, parts...)
    Base.disable_sigint() do
        lock(link.turn)
        try
            link.sequence += 1
            tell(kind, link.sequence, parts...)
            while link.is_in_query
                answer, content = receive(false)
                # The answer to a question that was asked between queries is nobody's.
                if parse(Int, String(content[1])) == link.sequence
                    return answer == "eof" ? UInt8[] : content[2]
                end
            end
            return UInt8[]
        finally
            unlock(link.turn)
        end
    end
end

# Standard streams ---------------------------------------------------------------------------------

const NOBODY, CHILD = 0, 3
# Who has written last: 1 for standard output, 2 for standard error, or a child process.
const last_writer = Ref(NOBODY)
# For the next query, when this one closes them. They are not inherited.
const copies = Cint[]

# Says who writes next. The runner reads two pipes: before the other one is written to, it is asked to read what the
# first one has.
function take_turn(writer::Int)
    last_writer[] in (NOBODY, writer) || link.is_in_query && ask("sync")
    last_writer[] = writer
end

function Base.unsafe_write(stream::Base.PipeEndpoint, data::Ptr{UInt8}, size::UInt)
    if stream === stdout
        take_turn(1)
    elseif stream === stderr
        take_turn(2)
    end
    return invoke(unsafe_write, Tuple{Base.LibuvStream, Ptr{UInt8}, UInt}, stream, data, size)
end

function Base._spawn_primitive(file::String, command::Cmd, stdio::Base.SpawnIOs)
    flush_quietly()
    take_turn(CHILD)
    return invoke(Base._spawn_primitive, Tuple{Any, Cmd, Base.SpawnIOs}, file, command, stdio)
end

# Julia goes on watching a stream whose reader has what it wanted, and libuv leaves it with epoll even after that. A
# session that watches its standard input is one that waits for the user, so both stop at once.
function Base.stop_reading(stream::Base.PipeEndpoint)
    stream === stdin || return invoke(Base.stop_reading, Tuple{Base.LibuvStream}, stream)
    Base.iolock_begin()
    if stream.status in (Base.StatusActive, Base.StatusPaused)
        ccall(:uv_read_stop, Cint, (Ptr{Cvoid},), stream)
        events = ccall(:uv_backend_fd, Cint, (Ptr{Cvoid},), Base.eventloop())
        ccall(:epoll_ctl, Cint, (Cint, Cint, Cint, Ptr{Cvoid}), events, EPOLL_CTL_DEL, 0, C_NULL)
        stream.status = Base.StatusOpen
    end
    Base.iolock_end()
    return nothing
end

function Base.getpass(::Base.PipeEndpoint, output::IO, prompt::AbstractString; with_suffix::Bool = true)
    print(output, prompt, with_suffix ? ": " : "")
    flush_quietly()
    return Base.SecretBuffer!(copy(ask("input", "1")))
end

duplicate(descriptor) = ccall(:fcntl, Cint, (Cint, Cint, Cint...), descriptor, F_DUPFD_CLOEXEC, 7)

function copy_streams()
    append!(copies, duplicate.(1:2))
end

reopen(redirect, descriptor) = redirect(open(RawFD(duplicate(copies[descriptor]))))

# Opens again what the query before has closed.
function mend_streams()
    isopen(stdout) || rarely(reopen, redirect_stdout, 1)
    isopen(stderr) || rarely(reopen, redirect_stderr, 2)
end

# Writes what waits, in Julia's streams and in those of C.
function flush_quietly()
    try
        Libc.flush_cstdio()
        flush(stdout)
        flush(stderr)
    catch
        # The user's code has closed one, or put one of its own there.
    end
end

# Showing values -----------------------------------------------------------------------------------

# Shows values as the REPL does, those that are pictures or pages as such.
struct SessionDisplay <: AbstractDisplay end

const RICH = MIME[MIME("image/svg+xml"), MIME("image/png"), MIME("text/html"), MIME("image/jpeg"), MIME("image/gif")]

context(io::IO) = IOContext(io, :limit => true, :color => false, :module => Main, :displaysize => displaysize(stdout))

Base.displayable(::SessionDisplay, ::MIME) = true

function Base.display(session::SessionDisplay, @nospecialize value)
    rich = findfirst(mime -> showable(mime, value), RICH)
    display(session, rich === nothing ? MIME("text/plain") : RICH[rich], value)
end

function Base.display(::SessionDisplay, mime::MIME, @nospecialize value)
    data = if value isa AbstractString && mime != MIME("text/plain") || value isa Vector{UInt8} && !istextmime(mime)
        value
    else
        buffer = IOBuffer()
        show(context(buffer), mime, value)
        take!(buffer)
    end
    if mime == MIME("text/plain")
        write(stdout, push!(data, UInt8('\n')))
    else
        flush_quietly()
        ask("display", string(mime), data)
    end
    return nothing
end

# Interrupts ---------------------------------------------------------------------------------------

# A loop that neither allocates nor calls anything takes no notice of an interrupt before the fifth within a second,
# which Julia throws by force. The shell gets the same interrupt as this process, and repeats it until it is stopped.
const INSISTENCE = "trap 'sleep 0.3; while kill -INT \$PPID; do sleep 0.05; done' INT; read -r _"

const insister = Ref{Base.Process}()

function start_insister()
    insister[] = open(pipeline(Cmd(`sh -c $INSISTENCE`; dir = "/"), stderr = devnull), "w")
end

# Forgets interrupts that are under way.
function calm_down()
    kill(insister[], Base.SIGKILL)
    wait(insister[])
    start_insister()
end

# Runs user's code, which an interrupt ends, and tells what it throws as the REPL does. Returns the exit code.
function run_user_code(code::Function)
    backend.in_eval = true
    try
        Base.reenable_sigint(code)
        return 0
    catch
        return rarely(report, exceptions())
    finally
        backend.in_eval = false
    end
end

exceptions() = isdefined(Base, :current_exceptions) ? collect(Any, Base.current_exceptions()) : Base.catch_stack()

is_interrupt(error) = error isa InterruptException
is_interrupt(error::LoadError) = is_interrupt(error.error)
is_interrupt(error::TaskFailedException) = is_interrupt(error.task.exception)
is_interrupt(error::CompositeException) = any(is_interrupt, error.exceptions)

function report(stack)
    was_interrupted = is_interrupt(first(stack[end]))
    was_interrupted && calm_down()
    text = try
        Base.reenable_sigint(() -> describe(stack))
    catch error
        error isa InterruptException && return report(exceptions())
        "ERROR: $(typeof(first(stack[end]))) (and its report failed)\n"
    end
    try
        print(stderr, text)
    catch
        # The user's code has closed it.
    end
    return was_interrupted ? INTERRUPTED : 1
end

function describe(stack)
    told = Any[(exception = error, backtrace = user_frames(trace)) for (error, trace) in stack]
    isdefined(Base, :ExceptionStack) && (told = Base.ExceptionStack(told))
    buffer = IOBuffer()
    print(buffer, "ERROR: ")
    Base.show_exception_stack(context(buffer), told)
    return String(take!(buffer))
end

is_driver(frame) = basename(String(frame.file)) == FILE

# The frames of the user's code and of what it calls.
function user_frames(trace)
    frames = stacktrace(trace)
    start = findfirst(frame -> is_driver(frame) && frame.func === :evaluate, frames)
    start === nothing || deleteat!(frames, start:length(frames))
    filter!(!is_driver, frames)
    while !isempty(frames) && frames[end].func === :eval
        pop!(frames)
    end
    return frames
end

# Queries ------------------------------------------------------------------------------------------

const queries = Ref(0)
# What the REPL calls its backend: packages add their transformations of the code there, and Julia hands it an interrupt
# that hits a task which is over.
const backend = REPL.REPLBackend(Channel(1), Channel(1), false)

# Runs one query and returns its exit code.
function run_query(code::String)
    queries[] += 1
    mend_streams()
    name = "REPL[$(queries[])]"
    exit_code = run_user_code(() -> evaluate(code, name))
    # An interrupt that has come too late to be thrown has ended the query all the same.
    exit_code == INTERRUPTED || (exit_code = max(exit_code, run_user_code(() -> nothing)))
    flush_quietly()
    return exit_code
end

@noinline function evaluate(code::String, name::String)
    ast = Base.parse_input_line(replace(chop_mark(code), "\r\n" => "\n"); filename = name)
    for transform in backend.ast_transforms
        ast = Base.invokelatest(transform, ast)
    end
    value = Core.eval(Main, ast)
    ccall(:jl_set_global, Cvoid, (Any, Any, Any), Main, :ans, value)
    value === nothing || REPL.ends_with_semicolon(code) || Base.invokelatest(display, value)
    return nothing
end

chop_mark(code) = startswith(code, '\ufeff') ? code[nextind(code, 1):end] : code

# Completion ---------------------------------------------------------------------------------------

const KEYWORDS = split("""
    abstract type, baremodule, begin, break, catch, const, continue, do, else, elseif, end, export, false, finally, for,
    function, global, if, import, in, isa, let, local, macro, module, mutable struct, nothing, primitive type, quote,
    return, struct, true, try, using, where, while""", r",\s*|^\s+"; keepempty = false)

# What may be the token that ends `before`, in full.
function complete(before::String)
    found, range, _ = Base.invokelatest(REPLCompletions.completions, before, lastindex(before), Main)
    # The runner knows about files.
    filter!(item -> !(item isa Union{REPLCompletions.MethodCompletion, REPLCompletions.PathCompletion}), found)
    isempty(range) && return String[]
    # The completer leaves out what comes before a member.
    owner = match(r"([\p{L}\p{N}_!@.]*\.)?$", before[1:prevind(before, first(range))]).match
    texts = [owner * REPLCompletions.completion_text(item) for item in found]
    return unique!(texts)[1:min(end, MOST_COMPLETIONS)]
end

# What the REPL would do with `code`. Enter, again and again, lets the user out.
function completeness(code::String)
    ast = Base.parse_input_line(replace(chop_mark(code), "\r\n" => "\n"); depwarn = false)
    ast isa Expr && ast.head === :error && return "invalid"
    ast isa Expr && ast.head === :incomplete || return "complete"
    return occursin(r"\n\s*\n\s*$", code) ? "invalid" : "incomplete"
end

const told = Dict{String, Vector{String}}()

function tell_names(scope::String, names::Vector{String})
    if get(told, scope, nothing) != names
        told[scope] = names
        tell("names", scope, names...)
    end
end

own_names(code_module::Module; options...) =
    [String(name) for name in names(code_module; options...) if !startswith(String(name), '#')]

# Tells the names that are offered while code runs and the driver cannot be asked.
function tell_names()
    for library in ccall(:jl_module_usings, Any, (Any,), Main)::Vector
        scope = string(library)
        haskey(told, scope) || tell_names(scope, own_names(library))
    end
    session = own_names(Main; all = true, imported = true)
    for name in copy(session)
        symbol = Symbol(name)
        if isdefined(Main, symbol) && !Base.isdeprecated(Main, symbol)
            append!(session, string.(name, '.', members(getfield(Main, symbol))))
        end
    end
    tell_names("session", session)
end

members(value) = isempty(fieldnames(typeof(value))) || value isa Tuple ? () : fieldnames(typeof(value))
members(value::Module) = value === Main ? () : own_names(value)
members(value::Union{Function, Type, AbstractArray, AbstractDict}) = ()

# The session --------------------------------------------------------------------------------------

function answer_completion(before::Vector{UInt8})
    suggestions = try
        complete(String(before))
    catch
        String[]
    end
    tell("completion", suggestions...)
end

function answer_check(code::Vector{UInt8})
    answer = try
        [completeness(String(code))]
    catch
        String[]
    end
    tell("checked", answer...)
end

# Lets an interrupt that is under way come, and forgets it.
function settle()
    calm_down()
    try
        Base.reenable_sigint(() -> sleep(0.005))
    catch error
        error isa InterruptException || rethrow()
    end
    tell("settled")
end

function answer_query(code::Vector{UInt8})
    link.is_in_query = true
    exit_code = run_query(String(code))
    link.is_in_query = false
    tell_names()
    tell("done", exit_code)
end

# The first error is to be told as quickly as any other, above all an interrupt.
function warm_up()
    try
        throw(InterruptException())
    catch
        rarely(describe, exceptions())
    end
    rarely(calm_down)
end

function serve()
    for descriptor in 3:6
        ccall(:fcntl, Cint, (Cint, Cint, Cint...), descriptor, F_SETFD, FD_CLOEXEC)
    end
    Base.exit_on_sigint(false)
    backend.backend_task = current_task()
    Core.eval(Base, :(active_repl_backend = $backend))
    copy_streams()
    rarely(start_insister)
    link.watcher = FileWatching.FDWatcher(RawFD(3), true, false)
    pushdisplay(SessionDisplay())
    tell_names("keywords", String.(KEYWORDS))
    tell_names()
    warm_up()
    tell_names("symbols", collect(keys(REPLCompletions.latex_symbols)))
    # A backslash begins a symbol, whatever stands before it.
    tell("ready", ".\\", "!@", "check")
    # The first completion is to be quick, too, but no query waits for that.
    wait_for_runner(0) || rarely(complete, "prin")
    while true
        kind, parts = receive(true)
        if kind == "query"
            answer_query(parts[1])
        elseif kind == "complete"
            rarely(answer_completion, parts[1])
        elseif kind == "check"
            rarely(answer_check, parts[1])
        elseif kind == "settle"
            rarely(settle)
        end
    end
end

Base.disable_sigint(serve)
