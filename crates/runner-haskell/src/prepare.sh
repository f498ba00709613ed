# Compiles, with the compiler $1, what every program gets, in the runner's own folder $2. It is moved to its place when it
# is done, so that nobody sees a half of it. With a third argument it compiles the session's driver as well, so that GHCi
# need not interpret it.
cd "$2" && [ ! -e objects ] && mkdir preparing || exit
nice "$1" --make -c -v0 -tmpdir . -main-is Main -outputdir preparing KernelRunnerMain.hs && mv -T preparing objects || exit
[ $# -lt 3 ] || "$1" --make -c -v0 -tmpdir . -dynamic KernelRunnerDriver.hs
