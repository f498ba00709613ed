-- Before a script: `tree` is where the project's rocks are installed.

local version = _VERSION:match("%d.%d")
local modules, libraries = tree .. "/share/lua/" .. version, tree .. "/lib/lua/" .. version
package.path = modules .. "/?.lua;" .. modules .. "/?/init.lua;" .. package.path
package.cpath = libraries .. "/?.so;" .. package.cpath

-- A prompt is seen before the script waits, and what was printed comes before what a child prints, as in a terminal.
local stdin, stdout, input = io.stdin, io.stdout, io.input
local methods = getmetatable(stdout).__index

local function flushing(f)
  return function(...)
    stdout:flush()
    return f(...)
  end
end

io.read, io.popen, os.execute = flushing(io.read), flushing(io.popen), flushing(os.execute)
local read, lines = methods.read, io.lines

function methods.read(file, ...)
  if file == stdin then
    stdout:flush()
  end
  return read(file, ...)
end

function io.lines(name, ...)
  if name == nil then
    return flushing(methods.lines(input(), ...))
  end
  return lines(name, ...)
end
