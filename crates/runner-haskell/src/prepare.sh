# Compiles, with the compiler $1, what every program gets, in the runner's own folder $2. It is moved to its place when it
# is done, so that nobody sees a half of it.
cd "$2" && mkdir preparing || exit
nice "$1" --make -c -v0 -tmpdir . -outputdir preparing KernelRunnerMain.hs && mv -T preparing objects
