# The driver of an R session: it runs queries in this interpreter and keeps their state.
#
# R reads one line at its prompt, and that line calls `serve`, which talks to the runner over descriptors 3 and 4 as
# docs/src/session-link.md has it. Errors and interrupts are left to R itself: it reports them as it does for anybody,
# and jumps to its restart `abort`, which is the driver's here. What jumps further (`Q` in `browser()`) ends at R's
# prompt; the line is given again, and `serve` goes on where it was.
#
# Everything here lives in an environment of its own that sees `base` first, so nothing that the user defines or removes
# gets in its way. SIGINT is suspended in the driver and allowed in the user's code: one that comes too early waits.

local(envir = new.env(parent = .BaseNamespaceEnv), {

INTERRUPTED <- 130L
# What completion is told stays within these.
MOST_NAMES <- 5000L
MOST_OBJECTS <- 500L
MOST_SUGGESTIONS <- 1000L
SYNTACTIC <- "^([[:alpha:]]|[.][[:alpha:]._])[[:alnum:]._]*$"

pid <- Sys.getpid()
reader <- writer <- NULL
sequence <- 0L
query_number <- 0L
# How the query ends unless something else is known; NULL between queries.
exit_code <- NULL
has_warned <- FALSE
# How many function calls of the driver are below the user's.
driver_depth <- Inf
# The user's calls at the last error, the innermost first.
last_calls <- NULL

## The link

open_link <- function() {
    reader <<- file("/dev/fd/3", "rb", raw = TRUE)
    writer <<- file("/dev/fd/4", "wb", raw = TRUE)
    invisible()
}

# A child that the user's code has forked has no link: it belongs to the parent.
is_forked <- function() Sys.getpid() != pid

send <- function(kind, ...) {
    if (is_forked()) return(invisible())
    parts <- lapply(list(...), function(part) if (is.raw(part)) part else charToRaw(enc2utf8(as.character(part))))
    header <- paste(c(kind, lengths(parts)), collapse = " ")
    writeBin(c(charToRaw(header), as.raw(10L), unlist(parts)), writer)
    flush(writer)
}

# The next frame: a list of its kind and its parts, which are raw. Without a runner R has nothing to live for.
receive <- function() {
    header <- readLines(reader, 1L)
    if (!length(header)) quit("no", 0L, FALSE)
    words <- strsplit(header, " ", fixed = TRUE)[[1L]]
    c(words[1L], lapply(as.integer(words[-1L]), function(length) readBin(reader, "raw", length)))
}

# Asks the runner and waits for the answer. The user's code may be interrupted before or after, but not here.
ask <- function(kind, ...) suspendInterrupts({
    if (!is_forked()) {
        sequence <<- sequence + 1L
        send(kind, sequence, ...)
        repeat {
            frame <- receive()
            if (length(frame) > 1L && rawToChar(frame[[2L]]) == sequence) break
        }
    }
    invisible()
})

# R writes to standard output and error at once: only their order among each other has to be asked for.
sync <- function() {
    flush_output()
    ask("sync")
}

# What C code has printed waits in its own buffer until R writes, be it nothing.
flush_output <- function() cat("", file = getConnection(1L))

display <- function(mime, data) {
    if (!is.raw(data)) data <- paste(data, collapse = "\n")
    flush_output()
    ask("display", mime, data)
}

## Queries

interrupt_mark <- file.path(tempdir(), "interrupted")

# Acts on the interrupt that has come, if one has: R looks for it here at the latest.
take_interrupt <- function() {
    if (file.exists(interrupt_mark)) {
        unlink(interrupt_mark)
        tools::pskill(Sys.getpid(), tools::SIGINT)
    }
    Sys.sleep(0)
}

run <- function(code) {
    query_number <<- query_number + 1L
    exit_code <<- 1L
    driver_depth <<- Inf
    withRestarts(
        withCallingHandlers(
            allowInterrupts({
                take_interrupt()
                for (expression in parse_query(code)) {
                    if (is_open() && !may_draw(expression)) show_page()
                    top_level(expression)
                }
                take_interrupt()
                exit_code <<- 0L
            }),
            message = on_message, warning = on_warning, error = on_error,
            interrupt = function(condition) exit_code <<- INTERRUPTED
        ),
        abort = function() NULL
    )
}

query_text <- function(code) {
    if (any(code == 0L)) stop(simpleError("nul character not allowed"))
    text <- sub("^\ufeff", "", gsub("\r\n", "\n", `Encoding<-`(rawToChar(code), "UTF-8"), fixed = TRUE))
    if (!validUTF8(text)) stop(simpleError("the code is not UTF-8"))
    text
}

parse_query <- function(code) {
    name <- sprintf("<query %d>", query_number)
    lines <- strsplit(query_text(code), "\n", fixed = TRUE)[[1L]]
    tryCatch(
        parse(text = lines, keep.source = TRUE, srcfile = srcfilecopy(name, lines)),
        error = function(error) stop(simpleError(conditionMessage(error)))
    )
}

# Evaluates an expression as R does at its prompt. As a promise, it is evaluated without a call of `eval` around it.
top_level <- function(expression) {
    driver_depth <<- sys.nframe()
    .Internal(delayedAssign("x", expression, globalenv(), environment()))
    result <- .Internal(withVisible(x))
    assign(".Last.value", result$value, baseenv())
    if (result$visible) show_value(result$value)
    if (has_warned) print_warnings()
}

show_value <- function(x) if (isS4(x)) methods::show(x) else print(x)

# What R would tell of the driver's own call is told as having none, like all that happens at R's prompt.
is_at_top_level <- function(condition) identical(conditionCall(condition), quote(top_level(expression)))

without_call <- function(condition) {
    condition$call <- NULL
    condition
}

on_message <- function(condition) {
    sync()
    cat(conditionMessage(condition), file = stderr(), sep = "")
    sync()
    invokeRestart("muffleMessage")
}

on_warning <- function(condition) {
    is_immediate <- isTRUE(getOption("warn") == 1)
    if (is_immediate) sync()
    has_warned <<- TRUE
    warning(if (is_at_top_level(condition)) without_call(condition) else condition)
    if (is_immediate) sync()
    invokeRestart("muffleWarning")
}

on_error <- function(condition) {
    calls <- sys.calls()
    depth <- length(calls) - 1L
    if (depth > 0L && identical(calls[[depth]][[1L]], quote(.handleSimpleError))) depth <- depth - 1L
    last_calls <<- rev(calls[seq_along(calls) > driver_depth & seq_along(calls) <= depth])
    sync()
    if (is_at_top_level(condition)) stop(without_call(condition))
}

# R has kept the warnings, and prints them here as an addition to an error, which they are not.
print_warnings <- function() suspendInterrupts({
    has_warned <<- FALSE
    sync()
    before <- sink.number("message")
    text <- textConnection(NULL, "w", encoding = "UTF-8")
    sink(text, type = "message")
    .Internal(printDeferredWarnings())
    sink(if (before == 2L) NULL else getConnection(before), type = "message")
    lines <- textConnectionValue(text)
    close(text)
    if (length(lines)) cat(sub("^In addition: ", "", lines), file = stderr(), sep = "\n")
    sync()
})

finish <- function() {
    tryCatch(suppressWarnings({
        show_page()
        tell_names()
    }), error = function(error) NULL)
    code <- exit_code
    exit_code <<- NULL
    has_warned <<- FALSE
    flush_output()
    send("done", code)
}

## What base does otherwise

# Gives the function `name` of a package another body.
extend <- function(name, change, package = "base") {
    extended <- getExportedValue(package, name)
    body(extended) <- change(body(extended))
    for (environment in list(asNamespace(package), as.environment(paste0("package:", package)))) {
        unlockBinding(name, environment)
        assign(name, extended, environment)
        lockBinding(name, environment)
    }
}

# `traceback()` shows the user's calls only.
serve_traceback <- function() {
    user_calls <- function() lapply(last_calls, function(call) structure(deparse(call), srcref = attr(call, "srcref")))
    extend(".traceback", function(body) bquote({
        if (is.null(x)) x <- .(user_calls)()
        .(body)
    }))
}

# The link is a pair of connections too.
serve_connections <- function() {
    extend("closeAllConnections", function(body) call("{", body, as.call(list(open_link))))
}

# R blocks in a read of `file("stdin")` where no interrupt reaches it. Its console is the same input and can be
# interrupted; what may be closed and opened is only the name of it.
serve_stdin <- function() {
    input <- structure(stdin(), class = c("kernel_runner_stdin", "file", "connection"))
    for (method in c("open", "close")) {
        registerS3method(method, "kernel_runner_stdin", function(con, ...) invisible(), baseenv())
    }
    extend("file", function(body) bquote(
        if (is.character(description) && description %in% c("stdin", "/dev/stdin")) .(input) else .(body)
    ))
}

# R ignores SIGINT while it waits for a shell, which therefore leaves a mark when it gets one. It leaves another when it
# is ready to: without that, it was interrupted before.
serve_children <- function() {
    ready_mark <- file.path(tempdir(), "ready")
    file.create(ready_mark)
    trap <- sprintf("trap ': >\"%s\"; trap - INT; kill -INT $$' INT; : >\"%s\"; ", interrupt_mark, ready_mark)
    with_trap <- function(command) {
        unlink(ready_mark)
        c(trap, command)
    }
    after <- function(status) {
        sync()
        if (identical(status, tools::SIGINT) && !file.exists(ready_mark)) file.create(ready_mark, interrupt_mark)
        take_interrupt()
    }
    extend("system", function(body) bquote({
        on.exit(.(after)(returnValue()))
        .(sync)()
        if (wait && !intern && is.null(input)) command <- paste(.(with_trap)(command), collapse = "")
        .(take_interrupt)()
        .(body)
    }))
    extend("system2", function(body) bquote({
        on.exit(.(after)(returnValue()))
        .(sync)()
        if (wait && !isTRUE(stdout) && !isTRUE(stderr) && is.null(input)) env <- .(with_trap)(env)
        .(take_interrupt)()
        .(body)
    }))
}

# Help is plain text here.
show_pages <- function(files, header, title, delete.file) {
    for (file in files) writeLines(gsub("_\b", "", readLines(file, encoding = "UTF-8"), fixed = TRUE))
    if (delete.file) unlink(files)
}

## Plots

# The device that plots go to, and the file that it would write.
device <- device_file <- NULL
# How many steps of drawing of its page were shown, and as what picture.
shown <- 0L
last_picture <- NULL

forget_page <- function() {
    shown <<- 0L
    last_picture <<- NULL
}

open_png <- function(file) {
    size <- c(width = 7, height = 5, res = 96)
    wanted <- unlist(getOption("kernel_runner.plot"))
    known <- intersect(names(size), names(wanted))
    size[known] <- wanted[known]
    grDevices::png(file, size[["width"]], size[["height"]], units = "in", res = size[["res"]], type = "cairo")
}

# What `options(device = )` names. It remembers what is drawn, so that a later query can add to it.
open_device <- function(...) suspendInterrupts({
    show_page()
    device_file <<- tempfile("device-", fileext = ".png")
    open_png(device_file)
    grDevices::dev.control("enable")
    device <<- grDevices::dev.cur()
    forget_page()
    invisible()
})

# Numbers of devices are used again: the file tells whether this one is still the driver's.
is_open <- function() {
    !is.null(device) && identical(attr(get(".Devices", baseenv())[[device]], "filepath"), device_file)
}

# Shows the page of the driver's device when something was drawn on it that was not shown.
show_page <- function() suspendInterrupts(if (is_open()) {
    current <- grDevices::dev.cur()
    if (current != device) grDevices::dev.set(device)
    page <- grDevices::recordPlot()
    steps <- length(page[[1L]])
    if (steps > shown) {
        shown <<- steps
        file <- tempfile("plot-", fileext = ".png")
        on.exit(unlink(file))
        open_png(file)
        tryCatch(grDevices::replayPlot(page), finally = grDevices::dev.off())
        picture <- if (file.exists(file)) readBin(file, "raw", file.size(file))
        if (!is.null(picture) && !identical(picture, last_picture)) display("image/png", picture)
        last_picture <<- picture
    }
    grDevices::dev.set(current)
    invisible()
})

# Whether an expression may add to the page, as `lines()` does: the page is shown before one that does not.
may_draw <- function(expression) {
    packages <- intersect(c("graphics", "grid"), loadedNamespaces())
    any(all.names(expression) %in% unlist(lapply(packages, getNamespaceExports)))
}

# A page that is about to be replaced or closed is shown before.
serve_plots <- function() {
    before_new_page <- function(...) {
        if (is_open() && grDevices::dev.cur() == device) {
            show_page()
            forget_page()
        }
    }
    before_close <- function(number) {
        if (is_open() && number == device) {
            show_page()
            device <<- NULL
            unlink(device_file)
        }
    }
    setHook("before.plot.new", function(...) if (graphics::par("page") && !graphics::par("new")) before_new_page())
    setHook("before.grid.newpage", before_new_page)
    extend("dev.off", function(body) bquote({
        .(before_close)(which)
        .(body)
    }), "grDevices")
    options(device = open_device)
}

## Completion

told <- new.env(parent = emptyenv())
last_search <- last_session <- NULL

tell <- function(scope, names) {
    names <- first(unique(names), MOST_NAMES)
    if (!identical(told[[scope]], names)) {
        assign(scope, names, told)
        do.call(send, c("names", scope, as.list(names)))
    }
}

first <- function(values, count) values[seq_len(min(length(values), count))]

tell_names <- function() {
    attached <- search()
    if (!identical(attached, last_search)) {
        for (scope in setdiff(last_search, attached)) tell(scope, NULL)
        for (scope in setdiff(attached, c(last_search, ".GlobalEnv"))) tell(scope, library_names(scope))
        last_search <<- attached
    }
    session <- ls(globalenv(), sorted = FALSE)
    members <- lapply(first(session, MOST_OBJECTS), members_of)
    if (!identical(list(session, members), last_session)) {
        last_session <<- list(session, members)
        with_owner <- which(lengths(members) > 0L)
        tell(".GlobalEnv", c(session, unlist(Map(owned, session[with_owner], members[with_owner]))))
    }
}

library_names <- function(scope) {
    names <- grep(SYNTACTIC, ls(scope), value = TRUE)
    package <- sub("^package:", "", scope)
    c(names, if (package != scope) paste0(package, "::", names))
}

members_of <- function(name) {
    if (bindingIsActive(name, globalenv())) return(NULL)
    object <- globalenv()[[name]]
    if (is.list(object) || is.environment(object)) names(object)
    else if (isS4(object)) slots_of(object)
}

slots_of <- function(object) structure(setdiff(names(attributes(object)), "class"), joined_by = "@")

owned <- function(owner, members) {
    joint <- attr(members, "joined_by")
    members <- grep(SYNTACTIC, members, value = TRUE)
    if (length(members)) paste0(owner, if (is.null(joint)) "$" else joint, members)
}

suggestions <- function(before, after) tryCatch(suppressWarnings({
    before <- `Encoding<-`(rawToChar(before), "UTF-8")
    # R's completer looks at one line; the call that an argument belongs to may have begun on one before.
    line <- gsub("[\r\n]+", " ", gsub("(^|\\s)#[^\n]*\n", "\n", before))
    utils:::.assignLinebuffer(line)
    utils:::.assignEnd(nchar(line))
    utils:::.guessTokenFromLine()
    utils:::.completeToken()
    found <- unique(sub(" *= *$", "", utils:::.retrieveCompletions()))
    first(found[nzchar(found)], MOST_SUGGESTIONS)
}), error = function(error) NULL)

# As at R's prompt, code whose error is its end, or a string without one, goes on in the next line.
completeness <- function(code) tryCatch({
    parse(text = query_text(code), keep.source = FALSE)
    "complete"
}, error = function(error) {
    if (grepl("^<text>:[0-9]+:0:|INCOMPLETE_STRING", conditionMessage(error))) "incomplete" else "invalid"
})

## The session

serve <- function() {
    # Whoever jumps out of this goes to R's prompt, which needs the line that comes back here. It is on its way before R
    # waits for it, or the user would be asked for it.
    on.exit({
        send("prompt")
        sync()
    })
    if (!is.null(exit_code)) finish()
    repeat {
        frame <- receive()
        switch(frame[[1L]],
            query = {
                run(frame[[2L]])
                finish()
            },
            complete = do.call(send, c("completion", as.list(suggestions(frame[[2L]], frame[[3L]])))),
            check = send("checked", suppressWarnings(completeness(frame[[2L]]))),
            settle = {
                tryCatch(allowInterrupts(take_interrupt()), interrupt = function(condition) NULL)
                send("settled")
            }
        )
    }
}

Sys.unsetenv("KERNEL_RUNNER_R_DRIVER")
if (!l10n_info()[["UTF-8"]]) Sys.setlocale("LC_CTYPE", "C.UTF-8")
utils::rc.settings(ipck = TRUE, quotes = FALSE)
options(pager = show_pages, menu.graphics = FALSE)
unlockBinding(".Last.value", baseenv())
open_link()
serve_traceback()
serve_connections()
serve_stdin()
serve_children()
serve_plots()
attach(list(display = display), name = "kernel_runner", warn.conflicts = FALSE)
assign(".kernel_runner", as.call(list(serve)), .AutoloadEnv)
tell_names()
send("ready", "$@:", ".", "check")
serve()

})
