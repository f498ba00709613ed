# The driver of an Octave session: it runs queries in this interpreter and keeps their state.
#
# It talks to the runner over descriptors 3 and 4, as docs/src/session-link.md has it; standard input, output and error
# belong to the user's code. Octave acts on SIGINT between two statements only, and then unwinds all functions down to
# its prompt. There it reads the line that calls the driver again, which says that the query is over. So every change of
# what the driver must remember is one single statement, which happens or does not.
#
# `clear all` removes the functions that are not locked, and a function can lock only itself, when it is called. A function
# of the user's would take the place of a built-in one here too: before Octave reads this, the calls of most of those have
# become calls of `builtin`.
1;

# Every function locks itself, then passes this gate. It is closed until all functions have been called once.
function __kernel_runner_gate__ (action)
  mlock ();
  persistent is_open = false;
  is_open = is_open || nargin > 0;
  if (! is_open)
    error ("the session has not begun");
  endif
endfunction

# Serves until the runner is gone. What it finds begun, an interrupt has ended.
function __kernel_runner__ ()
  mlock (); __kernel_runner_gate__ ();
  unwind_protect
    was_interrupted = __kernel_runner_link__ ("open");
    while (true)
      frame = __kernel_runner_link__ ("receive");
      switch (frame{1})
        case "query"
          status = 130;
          __kernel_runner_link__ ("begin");
          if (! was_interrupted)
            status = __kernel_runner_run__ (frame{2});
          endif
          __kernel_runner_link__ ("finish", status);
        case "complete"
          __kernel_runner_link__ ("drop");
          __kernel_runner_link__ ("send", "completion", __kernel_runner_complete__ (frame{2}){:});
        case "settle"
          __kernel_runner_link__ ("drop");
          __kernel_runner_link__ ("send", "settled");
        otherwise
          # The answer to a question whose wait was interrupted is nobody's.
          __kernel_runner_link__ ("drop");
      endswitch
      was_interrupted = false;
    endwhile
  unwind_protect_cleanup
    __kernel_runner_link__ ("leave");
  end_unwind_protect
endfunction

# The link to the runner, with all that an interrupt must not lose: `frame`, what was read and is not dealt with yet,
# and `is_running`, whether a query has begun and is not reported as done.
function result = __kernel_runner_link__ (action, varargin)
  mlock (); __kernel_runner_gate__ ();
  persistent in; persistent out; persistent output; persistent nowhere;
  persistent frame = "";
  persistent is_running = false;
  persistent sequence = 0;
  result = [];
  switch (action)
    case "open"
      if (isempty (in))
        output = fopen ("/dev/fd/1", "w");
        nowhere = fopen ("/dev/null", "w");
        out = fopen ("/dev/fd/4", "w");
        in = fopen ("/dev/fd/3", "r");
        # Names are joined by a dot, and made of letters, digits and `_` only.
        __kernel_runner_link__ ("send", "ready", ".", "");
        __kernel_runner_names__ ("library");
      endif
      if (is_running)
        __kernel_runner_link__ ("finish", 130);
      endif
      result = ! isempty (frame);

    case "receive"
      # A byte at a time: functions that read a line also wait for the first byte of the next.
      while (! any (frame == "\n"))
        frame = [frame, fread(in, 1, "uint8=>char")];
        if (feof (in))
          exit (0);
        endif
      endwhile
      stop = find (frame == "\n", 1);
      words = regexp (frame(1:stop-1), '\S+', "match");
      ends = cumsum ([stop, str2double(words(2:end))]);
      if (numel (frame) < ends(end))
        frame = [frame, fread(in, ends(end) - numel (frame), "uint8=>char").'];
      endif
      result = words(1);
      for index = 2:numel (ends)
        result{index} = frame(ends(index-1)+1:ends(index));
      endfor

    case "drop"
      frame = "";

    case "begin"
      dup2 (output, stdout);
      [is_running, frame] = {true, ""}{:};

    case "finish"
      code = sprintf ("%d", varargin{1});
      text = sprintf ("done %d\n%s", numel (code), code);
      is_running = fwrite (out, text) == 0 || fflush (out) != 0;

    case "send"
      header = varargin{1};
      if (numel (varargin) > 1)
        header = [header, sprintf(" %d", cellfun ("numel", varargin(2:end)))];
      endif
      text = [header, "\n", varargin{2:end}];
      is_sent = fwrite (out, text) > 0 && fflush (out) == 0;

    case "ask"
      # The answer's text, or -1 at the end of the input.
      fflush (stdout);
      sequence++;
      number = sprintf ("%d", sequence);
      __kernel_runner_link__ ("send", varargin{1}, number, varargin{2:end});
      do
        answer = __kernel_runner_link__ ("receive");
        frame = "";
      until (numel (answer) > 1 && strcmp (answer{2}, number))
      result = -1;
      if (strcmp (answer{1}, "answer"))
        result = answer{3};
      else
        # An interrupt ends the input as well, and its signal may come a moment later.
        builtin ("pause", 0.1);
      endif

    case "files"
      result = [in, out, output, nowhere];

    case "leave"
      # After an interrupt Octave prints a line feed at its prompt, which is no output of the query.
      dup2 (nowhere, stdout);
      __kernel_runner_link__ ("send", "prompt");
      if (is_running)
        # The line has to be there when Octave reads it, or Octave seems to wait for the user.
        __kernel_runner_link__ ("ask", "sync");
      endif
  endswitch
endfunction

# Runs one query as if it was typed at the prompt, and returns its exit code.
function status = __kernel_runner_run__ (code)
  mlock (); __kernel_runner_gate__ ();
  __kernel_runner_rehash__ ();
  status = 0;
  if (strncmp (code, "\xef\xbb\xbf", 3))
    code = code(4:end);
  endif
  code = strrep (code, "\r\n", "\n");
  try
    evalin ("base", code);
  catch failure
    status = 1;
  end_try_catch
  try
    __kernel_runner_figures__ ("show");
  catch trouble
    __kernel_runner_report__ (trouble, code);
  end_try_catch
  if (status != 0)
    __kernel_runner_report__ (failure, code);
  endif
  fflush (stdout);
  try
    __kernel_runner_names__ ("code", code);
    # A call that returns nothing leaves the user's `ans` alone.
    evalin ("base", '__kernel_runner_names__ ("variables", whos);');
  end_try_catch
endfunction

# Prints an error as Octave does at its prompt, without the driver's own frames.
function __kernel_runner_report__ (failure, code)
  mlock (); __kernel_runner_gate__ ();
  message = failure.message;
  if (strncmp (message, "parse error:\n", 13) && any (strtrim (code) == "\n"))
    message = __kernel_runner_locate__ (message, code);
  endif
  __kernel_runner_link__ ("ask", "sync");
  fprintf (stderr, "error: %s\n", message);
  stack = failure.stack;
  wrappers = {"input", "keyboard", "pause", "fclose", "system"};
  is_driver = strncmp ({stack.name}, "__kernel_runner", 15) | ismember ({stack.name}, wrappers);
  stack = stack(! is_driver);
  if (! isempty (stack))
    fputs (stderr, "error: called from\n");
  endif
  for frame = stack(:).'
    fprintf (stderr, "    %s", frame.name);
    if (frame.line > 0)
      fprintf (stderr, " at line %d column %d", frame.line, frame.column);
    endif
    fputs (stderr, "\n");
  endfor
  if (! isempty (strfind (message, "ft_text_renderer")))
    fputs (stderr, "error: plots need a font, of the package fonts-freefont-otf for example\n");
  elseif (strncmp (message, "no graphics toolkits", 20))
    fputs (stderr, "error: plots need gnuplot; it is in the package gnuplot-nox\n");
  endif
endfunction

# Octave names the line of a parse error, and shows it, for files only. What is no error of `code` keeps its message.
function message = __kernel_runner_locate__ (message, code)
  mlock (); __kernel_runner_gate__ ();
  path = tempname ();
  file = fopen (path, "w");
  if (file < 0)
    return;
  endif
  unwind_protect
    # A file that begins with a function would be a function file.
    fwrite (file, ["1;\n", code]);
    fclose (file);
    try
      __parse_file__ (path);
    catch failure
      [line, rest] = regexp (failure.message, '^parse error near line (\d+) of file [^\n]*', "tokens", "split", "once");
      if (! isempty (line))
        message = sprintf ("parse error near line %d%s", str2double (line{1}) - 1, rest{2});
      endif
    end_try_catch
  unwind_protect_cleanup
    [~] = unlink (path);
  end_unwind_protect
endfunction

# Octave looks for new and changed function files whenever it prompts. That takes milliseconds, so here it does
# where a file of the working folder is new or changed, and else once a second.
function __kernel_runner_rehash__ ()
  mlock (); __kernel_runner_gate__ ();
  persistent last = 0;
  persistent seen = {};
  paths = glob ("*.m").';
  files = cellfun (@stat, paths, "UniformOutput", false);
  files = cellfun (@(file) [file.ino, file.size, file.mtime], files, "UniformOutput", false);
  if (! isequal (files, seen))
    # Octave itself does not see a second change within one second.
    cellfun (@(path) clear ("-f", path(1:end-2)), paths);
  endif
  if (time () - last > 1 || ! isequal (files, seen))
    rehash ();
    last = time ();
    seen = files;
  endif
endfunction

# What there is to complete: library functions, and variables, fields of structs and functions of the session. The
# runner is told, because it completes while code runs.
function names = __kernel_runner_names__ (action, value)
  mlock (); __kernel_runner_gate__ ();
  persistent library = {};
  persistent functions = {};
  persistent session = {};
  switch (action)
    case "library"
      library = strrep (cellstr (completion_matches ("")), "\0", "").';
      library(strncmp (library, "__", 2)) = [];
      __kernel_runner_link__ ("send", "names", "library", library{:});
    case "all"
      names = [session, library];
    case "code"
      defined = regexp (value, '^\s*function\s+(?:[^=(\n]*=\s*)?(\w+)', "tokens", "lineanchors");
      functions = unique ([functions, defined{:}]);
    case "variables"
      found = functions;
      for variable = value(:).'
        found{end+1} = variable.name;
        if (strcmp (variable.class, "struct"))
          fields = fieldnames (evalin ("base", variable.name)).';
          found = [found, strcat([variable.name, "."], fields)];
        endif
      endfor
      found = found(1:min (end, 5000));
      if (! isequal (found, session))
        session = found;
        __kernel_runner_link__ ("send", "names", "session", session{:});
      endif
  endswitch
endfunction

# The suggestions for the end of `text`. In a string there are none, because the runner knows the files.
function found = __kernel_runner_complete__ (text)
  mlock (); __kernel_runner_gate__ ();
  found = {};
  line = regexp (text, '[^\n]*$', "match", "once");
  line = regexprep (line, '"(\\.|[^"\\])*"|(?<![\w\])}.''])''[^'']*''', "");
  token = regexp (line, '[A-Za-z_][\w.]*$', "match", "once");
  if (isempty (token) || ! isempty (regexp (line, '"|(?<![\w\])}.''])''', "once")))
    return;
  endif
  try
    path = ostrsplit (token, ".");
    if (numel (path) < 3)
      found = __kernel_runner_names__ ("all");
    else
      fields = fieldnames (getfield (evalin ("base", path{1}), path{2:end-1})).';
      found = strcat ([strjoin(path(1:end-1), "."), "."], fields);
    endif
  end_try_catch
  found = unique (found(strncmp (found, token, numel (token))));
  found = found(1:min (end, 1000));
endfunction

# Shows the figures that the query has changed. They are marked until they are drawn on a screen, where there is none:
# "note" takes the mark off, so that nobody tries.
function __kernel_runner_figures__ (action)
  mlock (); __kernel_runner_gate__ ();
  persistent changed = [];
  figures = get (0, "children");
  if (isempty (figures))
    return;
  endif
  changed = union (changed, figures(strcmp (get (figures, "__modified__"), "on")));
  set (figures, "__modified__", "off");
  if (strcmp (action, "show"))
    figures = intersect (figures, changed);
    changed = [];
    # Octave waits for ever for a gnuplot that it cannot start.
    if (! isempty (figures) && isempty (file_in_path ([EXEC_PATH(), ":", getenv("PATH")], gnuplot_binary ())))
      error ("plots need gnuplot; it is in the package gnuplot-nox");
    endif
    for figure = figures(:).'
      __kernel_runner_show__ (figure);
    endfor
  endif
endfunction

# Shows one figure.
function __kernel_runner_show__ (figure)
  mlock (); __kernel_runner_gate__ ();
  current = get (0, "currentfigure");
  path = [tempname(), ".svg"];
  unwind_protect
    set (0, "currentfigure", figure);
    builtin ("drawnow", "svg", path);
    file = fopen (path);
    picture = fread (file, Inf, "uint8=>char").';
    fclose (file);
  unwind_protect_cleanup
    set (0, "currentfigure", current);
    set (figure, "__modified__", "off");
    [~] = unlink (path);
  end_unwind_protect
  __kernel_runner_link__ ("ask", "display", "image/svg+xml", picture);
endfunction

# Asks the user for a line. Octave's own functions would do that on standard input, and an interrupt would wait
# until there is a line.
function line = __kernel_runner_line__ (prompt)
  mlock (); __kernel_runner_gate__ ();
  # What went to standard error comes before the prompt.
  __kernel_runner_link__ ("ask", "sync");
  puts (prompt);
  line = __kernel_runner_link__ ("ask", "input", "0");
endfunction

# display_media (MIME, DATA): show DATA, text or bytes, of the MIME type MIME.
function display_media (mime, data)
  mlock (); __kernel_runner_gate__ ();
  if (nargin != 2 || ! ischar (mime) || ! (ischar (data) || isa (data, "uint8")))
    error ("display_media: MIME must be a string, and DATA a string or an array of type uint8");
  endif
  __kernel_runner_link__ ("ask", "display", mime, char (data(:).'));
endfunction

# input (PROMPT), input (PROMPT, "s"): ask the user for a value, or for a line of text.
function varargout = input (prompt, type)
  mlock (); __kernel_runner_gate__ ();
  line = __kernel_runner_line__ (prompt);
  if (! ischar (line))
    error ("input: reading user-input failed!");
  elseif (nargin > 1)
    varargout{1} = line;
  elseif (isempty (strtrim (line)))
    varargout{1} = [];
  else
    [varargout{1:max(nargout, 1)}] = evalin ("caller", line);
  endif
endfunction

# keyboard (PROMPT): run lines that the user types, until `dbcont`.
function keyboard (prompt = "keyboard> ")
  mlock (); __kernel_runner_gate__ ();
  while (true)
    line = __kernel_runner_line__ (prompt);
    if (! ischar (line) || any (strcmp (strtrim (line), {"dbcont", "return"})))
      return;
    elseif (strcmp (strtrim (line), "dbquit"))
      error ("keyboard: left with dbquit");
    endif
    try
      evalin ("caller", line);
    catch failure
      __kernel_runner_report__ (failure, line);
    end_try_catch
  endwhile
endfunction

# yes_or_no (PROMPT): ask the user a question, until the answer is `yes` or `no`.
function answer = yes_or_no (prompt = "")
  mlock (); __kernel_runner_gate__ ();
  do
    line = __kernel_runner_line__ ([prompt, "(yes or no) "]);
    if (! ischar (line))
      error ("yes_or_no: reading user-input failed!");
    endif
  until (any (strcmp (line, {"yes", "no"})))
  answer = strcmp (line, "yes");
endfunction

# kbhit (): the first character of a line that the user types.
function key = kbhit (varargin)
  mlock (); __kernel_runner_gate__ ();
  key = "";
  if (nargin == 0)
    key = [__kernel_runner_line__(""), "\n"](1);
  endif
endfunction

# pause (), pause (N): wait for a line of the user's, or for N seconds.
function pause (varargin)
  mlock (); __kernel_runner_gate__ ();
  __kernel_runner_figures__ ("note");
  if (nargin == 0)
    __kernel_runner_line__ ("");
  else
    builtin ("pause", varargin{:});
  endif
endfunction

# drawnow (): figures are shown when the query is over. With a terminal and a file it draws there.
function drawnow (varargin)
  mlock (); __kernel_runner_gate__ ();
  __kernel_runner_figures__ ("note");
  if (nargin > 1)
    builtin ("drawnow", varargin{:});
  endif
endfunction

# fclose (FILE), fclose ("all"): close a file, or all but the driver's.
function status = fclose (file)
  mlock (); __kernel_runner_gate__ ();
  status = 0;
  if (! strcmp (file, "all"))
    status = builtin ("fclose", file);
    return;
  endif
  for file = setdiff (fopen ("all"), __kernel_runner_link__ ("files"))(:).'
    builtin ("fclose", file);
  endfor
endfunction

# system (COMMAND, ...): run COMMAND with the shell. Octave's own ignores SIGINT while the command runs; then the
# interrupt would end the command alone, and not the query.
function varargout = system (command, varargin)
  mlock (); __kernel_runner_gate__ ();
  if (nargin > 1 || nargout > 1)
    [varargout{1:nargout}] = builtin ("system", command, varargin{:});
    return;
  endif
  fflush (stdout);
  [~, status] = waitpid (builtin ("system", command, false, "async"));
  varargout{1} = 127;
  if (WIFEXITED (status))
    varargout{1} = WEXITSTATUS (status);
  endif
endfunction

for name = {"__kernel_runner_gate__", "__kernel_runner__", "__kernel_runner_link__", "__kernel_runner_run__", ...
            "__kernel_runner_report__", "__kernel_runner_locate__", "__kernel_runner_rehash__", ...
            "__kernel_runner_names__", "__kernel_runner_complete__", "__kernel_runner_figures__", ...
            "__kernel_runner_show__", "__kernel_runner_line__", "display_media", "input", "keyboard", "yes_or_no", ...
            "kbhit", "pause", "drawnow", "fclose", "system"}
  try
    feval (name{1});
  end_try_catch
endfor
__kernel_runner_gate__ ("open");
clear name
lasterr ("");

page_screen_output (false);
sigterm_dumps_octave_core (false);
sighup_dumps_octave_core (false);
sigquit_dumps_octave_core (false);
crash_dumps_octave_core (false);
PS1 ("");
PS2 ("");
set (0, "defaultfigurevisible", "off");
warning ("off", "Octave:gnuplot-graphics");
# It would show the driver's own functions.
warning ("off", "backtrace");
