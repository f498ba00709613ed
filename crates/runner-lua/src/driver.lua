--[[
The driver of a Lua session: it runs queries in this interpreter and keeps their state. It speaks to the runner over
the descriptors 3 and 4, as docs/src/session-link.md has it; standard input, output and error are the user's.

Interrupts. The stand-alone interpreter handles SIGINT while it runs a chunk of its command line: it sets a hook that
raises "interrupted!" in the main thread, and leaves the next SIGINT deadly. So the command line has a thousand chunks
that do nothing but call the driver, which returns from one after an interrupt and goes on in the next. The user's code
runs in the main thread. The driver runs in a coroutine, which the hook does not reach.

It runs in Lua 5.1 to 5.4 and in LuaJIT.
]]

-- What the user's code may change, the driver has a reference of its own to.
local error, load, next, pcall, rawget, rawset, select = error, load, next, pcall, rawget, rawset, select
local tonumber, tostring, type, xpcall = tonumber, tostring, type, xpcall
local concat, sort, unpack = table.concat, table.sort, table.unpack or unpack
local byte, find, format, gmatch, gsub, match, sub =
  string.byte, string.find, string.format, string.gmatch, string.gsub, string.match, string.sub
local create, resume, running, wrap, yield =
  coroutine.create, coroutine.resume, coroutine.running, coroutine.wrap, coroutine.yield
local gethook, getmetatable, sethook, traceback = debug.gethook, debug.getmetatable, debug.sethook, debug.traceback
local execute, exit, time = os.execute, os.exit, os.time
local huge = math.huge
local input, lines, output, popen = io.input, io.lines, io.output, io.popen
local stdin, stdout, stderr = io.stdin, io.stdout, io.stderr
local globals, loaded, jit = _G, package.loaded, jit
-- The methods of files. The user's code sees ours in their place.
local methods = getmetatable(stdout).__index
local read, write, flush, file_lines = methods.read, methods.write, methods.flush, methods.lines
local compile = loadstring or function(text, name) return load(text, name, "t") end

local function same(...)
  return ...
end

local function pack(...)
  return { n = select("#", ...), ... }
end

-- Whether `xpcall` passes arguments on: not in Lua 5.1.
local HAS_ARGUMENTS = select(2, xpcall(same, same, true)) == true
local INTERRUPTED = 130
local SIGINT = 2
local EINTR = 4
-- A pipe takes this many bytes at once, or none.
local ATOMIC = 4096
-- So many writes a second go out at once. A program that prints more often waits for a full buffer.
local PROMPT_WRITES = 1000
-- After so many instructions a coroutine looks whether the user wants its end.
local PATIENCE = 10000
-- The last lines of a query, in bytes, that are searched for the beginning of its last expression.
local LAST_LINES = 8192
-- Bounds of completion: the names that are told, of them those of one table, and the suggestions of one answer.
local MAX_NAMES, MAX_MEMBERS, MAX_SUGGESTIONS = 5000, 200, 1000
-- How deep the names that are told go, and how far members are inherited.
local MAX_DEPTH = 3
-- What the chunks of the command line call. The name exists between two of them only.
local NEXT_CHUNK = "kernel_runner"

-- Interrupts ---------------------------------------------------------------------------------------------------------

-- LuaJIT's hook reaches coroutines, so there the signal itself is held back while the driver runs.
local signals = { hold = function() end, release = function() end, forget = function() end }

if jit then
  -- A compiled loop sees no hook. Whoever wants speed more than interrupts says `jit.on()`.
  jit.off()
  local has_ffi, ffi = pcall(require, "ffi")
  if has_ffi then
    ffi.cdef [[
      int sigemptyset(void *set);
      int sigaddset(void *set, int number);
      int sigprocmask(int how, const void *set, void *old);
      void (*signal(int number, void (*handler)(int)))(int);
    ]]
    local libc, BLOCK, UNBLOCK = ffi.C, 0, 1
    local ignore = ffi.cast("void (*)(int)", 1)
    local set = ffi.new("char[128]")
    libc.sigemptyset(set)
    libc.sigaddset(set, SIGINT)
    function signals.hold() libc.sigprocmask(BLOCK, set, nil) end
    function signals.release() libc.sigprocmask(UNBLOCK, set, nil) end
    -- What is ignored does not wait either. The next chunk handles the signal again.
    function signals.forget() libc.signal(SIGINT, ignore) end
  end
end

local is_held = false

local function hold()
  signals.hold()
  is_held = true
end

local function release(...)
  is_held = false
  signals.release()
  return ...
end

-- Calls a function of the driver's for the user's code. An interrupt waits for its end.
local function undisturbed(f, ...)
  if is_held then
    return f(...)
  end
  hold()
  return release(wrap(f)(...))
end

-- The interpreter's hook is set in the main thread alone: coroutines look there now and then. LuaJIT has one for all.
local function watch_coroutines()
  local main = running()
  if jit or not main then
    return
  end
  local function look()
    if gethook(main) == "external hook" then
      error("interrupted!", 0)
    end
  end
  local function watched(f)
    if type(f) ~= "function" then
      return f
    end
    return function(...)
      sethook(look, "", PATIENCE)
      return f(...)
    end
  end
  function coroutine.create(f) return create(watched(f)) end
  function coroutine.wrap(f) return wrap(watched(f)) end
end

-- The link -----------------------------------------------------------------------------------------------------------

local reader, writer = io.open("/dev/fd/3", "rb"), io.open("/dev/fd/4", "wb")
writer:setvbuf("no")
-- The shell closes for a child what is not its business: the link's descriptors, and the two that we have opened.
local WITHOUT_LINK = "exec 3<&- 4>&- 5<&- 6>&- 7<&- 8>&-; "

-- The runner is gone, or its link is broken.
local function leave()
  exit(0, true)
end

local function send(kind, ...)
  local header, parts = { kind }, { ... }
  for index, part in next, parts do
    header[index + 1] = #part
  end
  local frame = concat(header, " ") .. "\n" .. concat(parts)
  for start = 1, #frame, ATOMIC do
    local piece = sub(frame, start, start + ATOMIC - 1)
    repeat
      local is_written, _, code = write(writer, piece)
    until is_written or code ~= EINTR
  end
end

local function receive()
  local header, code, _
  repeat
    header, _, code = read(reader, "*l")
  until header or code ~= EINTR
  if not header then
    leave()
  end
  local frame, size = { kind = match(header, "^%S+") }, 0
  for length in gmatch(header, " (%d+)") do
    frame[#frame + 1] = tonumber(length)
    size = size + length
  end
  local body = size > 0 and read(reader, size) or ""
  if #body < size then
    leave()
  end
  local start = 1
  for index = 1, #frame do
    local length = frame[index]
    frame[index] = sub(body, start, start + length - 1)
    start = start + length
  end
  return frame
end

-- Only while a query runs. A finalizer that prints while the driver waits for the runner has nobody to ask.
local is_link_free = false
local sequence = 0

local function converse(kind, ...)
  is_link_free = false
  sequence = sequence + 1
  local number = format("%d", sequence)
  send(kind, number, ...)
  local frame
  repeat
    frame = receive()
  until frame[1] == number
  is_link_free = true
  return frame[2]
end

-- Asks the runner and returns the answer's text, or nil.
local function ask(...)
  if is_link_free then
    return undisturbed(converse, ...)
  end
end

-- Output -------------------------------------------------------------------------------------------------------------

-- Who wrote last: one of the two streams, or "a child"; nobody since everything was delivered.
local last_writer
local second, prompt_writes = 0, 0

-- Before somebody writes to `stream`: what another one wrote is delivered first.
local function turn_to(stream)
  if last_writer and last_writer ~= stream then
    flush(stdout)
    ask("sync")
  end
  last_writer = stream
end

-- After a write to standard output, with its results.
local function written(...)
  local now = time()
  if now ~= second then
    second, prompt_writes = now, 0
  end
  if prompt_writes < PROMPT_WRITES then
    prompt_writes = prompt_writes + 1
    flush(stdout)
  end
  return ...
end

local IS_TEXT = { string = true, number = true }

-- What the C function would say, with the position of its caller and not ours.
local function check_texts(...)
  for index = 1, select("#", ...) do
    local value = select(index, ...)
    if not IS_TEXT[type(value)] then
      error(format("bad argument #%d to 'write' (string expected, got %s)", index, type(value)), 3)
    end
  end
end

local function write_to(file, ...)
  if file == stdout then
    if last_writer ~= stdout then
      turn_to(stdout)
    end
    return written(write(stdout, ...))
  elseif file == stderr then
    turn_to(stderr)
  end
  return write(file, ...)
end

local function before_a_child()
  flush(stdout)
  turn_to("a child")
end

local function redefine_output()
  function globals.print(...)
    local first = ...
    local count = select("#", ...)
    if count == 1 then
      write_to(stdout, tostring(first), "\n")
      return
    end
    local texts = { ... }
    for index = 1, count do
      texts[index] = tostring(texts[index])
    end
    write_to(stdout, concat(texts, "\t"), "\n")
  end

  function methods.write(file, ...)
    local first, another = ...
    if another or not IS_TEXT[type(first)] then
      check_texts(...)
    end
    return write_to(file, ...)
  end

  function io.write(...)
    local first, another = ...
    if another or not IS_TEXT[type(first)] then
      check_texts(...)
    end
    local file = output()
    if file == stdout and last_writer == stdout then
      -- The same, without a call that a million lines would notice.
      return written(write(stdout, ...))
    end
    return write_to(file, ...)
  end

  function io.popen(command, ...)
    before_a_child()
    return popen(type(command) == "string" and WITHOUT_LINK .. command or command, ...)
  end

  -- While a child runs, SIGINT is for the child. Its end by that signal is the only sign that the user interrupts.
  function os.execute(command)
    if command == nil then
      return execute()
    end
    before_a_child()
    local results = pack(execute(type(command) == "string" and WITHOUT_LINK .. command or command))
    if results[1] == SIGINT or results[2] == "signal" and results[3] == SIGINT then
      error("interrupted!", 2)
    end
    return unpack(results, 1, results.n)
  end

  -- Shows `data` of the MIME type `mime`, after everything that was printed so far.
  function globals.display(mime, data)
    if type(mime) ~= "string" or type(data) ~= "string" then
      error("display(mime, data) takes two strings", 2)
    end
    flush(stdout)
    ask("display", mime, data)
  end
end

-- Input --------------------------------------------------------------------------------------------------------------

-- What the user has typed and nobody has read.
local typed = ""

-- Asks for one more line; false at the end of the input.
local function type_more()
  flush(stdout)
  local line = ask("input", "0")
  if line then
    typed = typed .. line .. "\n"
  end
  return line ~= nil
end

-- Takes up to `count` bytes.
local function take(count)
  local text = sub(typed, 1, count)
  typed = sub(typed, count + 1)
  return text
end

local function take_line(keeps_end)
  while not find(typed, "\n", 1, true) do
    if not type_more() then
      return typed ~= "" and take(#typed) or nil
    end
  end
  local line = take(find(typed, "\n", 1, true))
  return keeps_end and line or sub(line, 1, -2)
end

local function take_number()
  while not find(typed, "%S") do
    typed = ""
    if not type_more() then
      return nil
    end
  end
  take(#match(typed, "^%s*"))
  local numeral = match(typed, "^[+-]?0[xX]%x*%.?%x*[pP]?[+-]?%d*") or match(typed, "^[+-]?%d*%.?%d*[eE]?[+-]?%d*")
  return tonumber(take(#numeral))
end

local function take_bytes(count)
  while #typed < count or typed == "" do
    if not type_more() then
      break
    end
  end
  return typed ~= "" and take(count) or nil
end

local function take_all()
  while type_more() do end
  return take(#typed)
end

local function take_format(wanted)
  if type(wanted) == "number" then
    return take_bytes(wanted)
  end
  local letter = type(wanted) == "string" and match(wanted, "^%*?(.)")
  if letter == "l" or letter == "L" then
    return take_line(letter == "L")
  elseif letter == "n" then
    return take_number()
  elseif letter == "a" then
    return take_all()
  end
  error("bad argument to 'read' (invalid format)", 3)
end

-- `read` of standard input, by the runner: it knows when the user does not want to answer any more.
local function read_typed(...)
  local formats = pack(...)
  if formats.n == 0 then
    return take_line(false)
  end
  local results = { n = 0 }
  for index = 1, formats.n do
    results.n = index
    results[index] = take_format(formats[index])
    if results[index] == nil then
      break
    end
  end
  return unpack(results, 1, results.n)
end

local function typed_lines(...)
  local formats = pack(...)
  return function()
    return read_typed(unpack(formats, 1, formats.n))
  end
end

local function redefine_input()
  function methods.read(file, ...)
    if file == stdin then
      return read_typed(...)
    end
    return read(file, ...)
  end

  function methods.lines(file, ...)
    if file == stdin then
      return typed_lines(...)
    end
    return file_lines(file, ...)
  end

  function io.read(...)
    return methods.read(input(), ...)
  end

  function io.lines(name, ...)
    if name == nil then
      return methods.lines(input(), ...)
    end
    return lines(name, ...)
  end
end

-- Completion ---------------------------------------------------------------------------------------------------------

local KEYWORDS = {}
for word in gmatch("and break do else elseif end false for function if in local nil not or repeat return then true "
  .. "until while", "%a+") do
  KEYWORDS[word] = true
end
if not jit and _VERSION ~= "Lua 5.1" then
  KEYWORDS["goto"] = true
end

-- Calls `see` with the key and value of what `value` has by name, itself or through its metatable; of each table, only
-- the first `most` entries count. It runs no code of the user's.
local function each_member(value, most, see)
  for _ = 1, MAX_DEPTH do
    if type(value) == "table" then
      local seen = 0
      for key, member in next, value do
        if type(key) == "string" and find(key, "^[%a_][%w_]*$") and not KEYWORDS[key] then
          see(key, member)
        end
        seen = seen + 1
        if seen == most then
          break
        end
      end
    end
    local meta = getmetatable(value)
    value = meta and rawget(meta, "__index")
  end
end

local function has_members(value)
  return type(value) == "table" or getmetatable(value) ~= nil
end

-- The names that were there from the start, and the tables that they were found in.
local library_names, library_tables = {}, {}

-- All other names from the globals down, in order; and the tables that they were found in.
local function all_names()
  local names, is_module = {}, {}
  for _, module in next, loaded do
    is_module[module] = true
  end
  local queue, visited = { { path = "", value = globals, depth = 1 } }, { [globals] = true }
  local owner
  local function add(name)
    if not library_names[name] then
      names[#names + 1] = name
    end
  end
  local function see(key, member)
    local path = owner.path == "" and key or owner.path .. "." .. key
    if type(owner.value) ~= "string" then
      add(path)
    end
    if type(member) == "function" and not is_module[owner.value] then
      add(owner.path .. ":" .. key)
    end
    if owner.depth < MAX_DEPTH and has_members(member) and not visited[member] and not library_tables[member] then
      visited[member] = type(member) ~= "string"
      queue[#queue + 1] = { path = path, value = member, depth = owner.depth + 1 }
    end
  end
  local index = 1
  while queue[index] and #names < MAX_NAMES do
    owner = queue[index]
    each_member(owner.value, owner.value == globals and MAX_NAMES or MAX_MEMBERS, see)
    index = index + 1
  end
  sort(names)
  return names, visited
end

-- What there is from the start is told once, and not looked at again.
local function tell_library()
  local names, tables = all_names()
  library_tables = tables
  for word in next, KEYWORDS do
    names[#names + 1] = word
  end
  for _, name in next, names do
    library_names[name] = true
  end
  send("names", "library", unpack(names))
end

local told = ""

-- What the queries have added, when it has changed.
local function tell_names()
  local names = all_names()
  local text = concat(names, " ")
  if text ~= told then
    told = text
    send("names", "session", unpack(names))
  end
end

-- Whether the text ends inside of a string that began on its last line.
local function ends_in_string(text)
  local quote
  for character in gmatch(gsub(match(text, "[^\n]*$"), "\\.", ""), "[\"']") do
    if not quote then
      quote = character
    elseif quote == character then
      quote = nil
    end
  end
  return quote ~= nil
end

-- The value that the user's code would see under `path`, without running any of it.
local function resolve(path)
  local value = globals
  for key in gmatch(path, "[^.:]+") do
    local found
    each_member(value, huge, function(name, member)
      if found == nil and name == key then
        found = member
      end
    end)
    if found == nil then
      return nil
    end
    value = found
  end
  return value
end

local function complete(before)
  -- Two dots join strings, and after a bracket the owner is not known.
  local token = match(before, "[%w_.:]*$")
  token = gsub(token, "^.*%.%.", "")
  local owner, separator, start = match(token, "^(.-)([.:]?)([%w_]*)$")
  local value = resolve(owner)
  local found, seen = {}, {}
  if ends_in_string(before) or value == nil or (owner == "") ~= (separator == "") then
    return found
  end
  local function offer(name)
    if sub(name, 1, #start) == start and not seen[name] and #found < MAX_SUGGESTIONS then
      seen[name] = true
      found[#found + 1] = owner .. separator .. name
    end
  end
  each_member(value, huge, function(name, member)
    if separator ~= ":" or type(member) == "function" then
      offer(name)
    end
  end)
  if owner == "" then
    for word in next, KEYWORDS do
      offer(word)
    end
  end
  sort(found)
  return found
end

-- Queries ------------------------------------------------------------------------------------------------------------

-- What the main thread is to run, and what came of it: nil when it was interrupted outside of that.
local work, outcome
local is_chunk_over = false
local number = 0

-- Runs a function in the main thread, where it can be interrupted.
local function run(f)
  work, outcome = f, nil
  yield()
  return outcome or { false, { text = "interrupted!", trace = "" } }
end

-- What is to be reported of an error. As in the stand-alone interpreter, an error with a `__tostring` has no traceback.
local function describe(problem)
  if type(problem) == "string" or type(problem) == "number" then
    return { text = tostring(problem), trace = traceback("", 2) }
  end
  local meta = getmetatable(problem)
  if meta and rawget(meta, "__tostring") then
    return { text = tostring(problem), trace = "" }
  end
  return { text = format("(error object is a %s value)", type(problem)), trace = traceback("", 2) }
end

-- Patterns for the driver in error messages and tracebacks.
local DRIVER_POSITION = "%(command line%):%d+: "
local FRAME, C_FRAME = "\n\t" .. DRIVER_POSITION .. "in [^\n]*", "\n\t%[C%]: in [^\n]*"
local TAIL_CALLS = "\n\t%(%.%.%.tail calls%.%.%.%)"

-- Leaves out who called the query, and makes the driver's functions look like those of the library that they stand for.
local function without_driver(trace)
  trace = gsub(trace, C_FRAME .. FRAME .. C_FRAME .. FRAME .. ".*", "")
  trace = gsub(trace, C_FRAME .. "(" .. FRAME .. ")", "%1")
  local count
  repeat
    trace, count = gsub(trace, FRAME .. "(" .. FRAME .. ")", "%1")
  until count == 0
  trace = gsub(trace, FRAME .. TAIL_CALLS, "")
  trace = gsub(trace, "\n\t" .. DRIVER_POSITION .. "in function <[^\n]*", "")
  return (gsub(trace, "\n\t" .. DRIVER_POSITION, "\n\t[C]: "))
end

local function redefine_traceback()
  function debug.traceback(...)
    local message, level = ...
    if type(message) == "thread" or message ~= nil and type(message) ~= "string" then
      return traceback(...)
    end
    return without_driver(traceback(message or "", (level or 1) + 1))
  end
end

local function report(problem)
  local text = tostring(problem)
  if type(problem) == "table" then
    local trace = without_driver(problem.trace)
    -- Where a function of the library was called, not where the driver calls it.
    local position = match(trace, "\n\t([^%[%(\n][^\n]-:%d+: )in ") or ""
    text = gsub(problem.text, "^" .. DRIVER_POSITION, (gsub(position, "%%", "%%%%"))) .. trace
  end
  write_to(stderr, text .. "\n")
  return find(text, "interrupted!", 1, true) and INTERRUPTED or 1
end

-- Statements, and then an expression whose values are the chunk's. They go through `same`, which the chunk gets as its
-- argument: a tail call would hide the line from tracebacks.
local function compile_result(statements, expression, name)
  if not compile("return " .. expression) then
    return nil
  end
  local chunk
  if HAS_ARGUMENTS and not find(expression, "...", 1, true) then
    local call = statements .. "return (...)(" .. match(expression, "^(.-)%s*$")
    -- The second bracket is for an expression that a comment follows.
    chunk = compile(call .. ")", name) or compile(call .. "\n)", name)
  end
  return chunk or compile(statements .. "return " .. expression, name)
end

-- Looks for an expression on the last lines. What begins with a bracket or a quote may belong to the line above.
local function compile_last_lines(code, name)
  local start = #code + 1
  while start > 1 and #code - start < LAST_LINES do
    repeat
      start = start - 1
    until start == 1 or byte(code, start - 1) == 10
    local tail = sub(code, start)
    if find(tail, "^%s*[%w_#]") and compile("return " .. tail) then
      local head = sub(code, 1, start - 1)
      return compile(head) and compile_result(head, tail, name)
    end
  end
end

-- As the stand-alone interpreter reads a line: an expression if it is one, else statements.
local function compile_code(code, name)
  code = gsub(gsub(gsub(code, "^\239\187\191", ""), "^#[^\n]*", ""), "^=", "return ")
  local chunk = compile_result("", code, name) or compile_last_lines(code, name)
  if chunk then
    return chunk
  end
  return compile(code, name)
end

-- As the stand-alone interpreter has it, code whose error is its end goes on in the next line.
local function completeness(code)
  code = code .. "\n"
  local chunk, message = compile_code(code, "=stdin")
  if chunk then
    return "complete"
  end
  local _, other = compile("return " .. code, "=stdin")
  local is_open = find(message, "<eof>", -7, true) or find(other, "<eof>", -7, true)
  return is_open and "incomplete" or "invalid"
end

local function query(code)
  number = number + 1
  local chunk, message = compile_code(code, format("=<query %d>", number))
  if not chunk then
    return report(message)
  end
  local values = run(chunk)
  if values[1] and values.n > 1 then
    values = run(function()
      globals.print(unpack(values, 2, values.n))
    end)
  end
  return values[1] and 0 or report(values[2])
end

-- Goes on in the next chunk of the command line, which handles SIGINT anew.
local function begin_chunk()
  is_chunk_over = true
  signals.forget()
  yield()
end

local function serve()
  local code = 0
  send("ready", ".:", "", "check")
  tell_library()
  while true do
    local frame = receive()
    if frame.kind == "query" then
      if code == INTERRUPTED then
        -- Somebody else than the runner has sent the signal, as no `settle` followed.
        begin_chunk()
      end
      is_link_free, last_writer, typed = true, nil, ""
      code = query(frame[1])
      flush(stdout)
      is_link_free = false
      pcall(tell_names)
      send("done", format("%d", code))
    elseif frame.kind == "settle" then
      begin_chunk()
      code = 0
      send("settled")
    elseif frame.kind == "complete" then
      local is_complete, found = pcall(complete, frame[1])
      send("completion", unpack(is_complete and found or {}))
    elseif frame.kind == "check" then
      local is_known, answer = pcall(completeness, frame[1])
      send("checked", unpack(is_known and { answer } or {}))
    end
  end
end

-- The main thread's side: what the driver wants run. Interrupted outside of that, it starts over.
local driver = create(serve)

local function alternate()
  while true do
    hold()
    local is_alive, problem = resume(driver)
    if not is_alive then
      write(stderr, tostring(problem), "\n")
      exit(1)
    end
    if is_chunk_over then
      return
    end
    release()
    outcome = pack(xpcall(work, describe, same))
  end
end

local function serve_chunk()
  rawset(globals, NEXT_CHUNK, nil)
  is_chunk_over = false
  repeat
    pcall(alternate)
  until is_chunk_over
  rawset(globals, NEXT_CHUNK, serve_chunk)
end

watch_coroutines()
redefine_output()
redefine_input()
redefine_traceback()
stdout:setvbuf("full", 65536)
arg = { [0] = arg and arg[0] }
rawset(globals, NEXT_CHUNK, serve_chunk)
