# Starts the host of a session, in its own folder $1, with the compiler $2. In the background it makes what programs need:
# what is loaded into them, and the precompiled headers that are named after the compiler.
folder=$1 compiler=$2
shift 2
# Whoever compiles a query says it.
command -v "$compiler" >/dev/null || exit 127

# What has been made is moved to its place, so that nobody sees a half of it.
make_host() {
    export TMPDIR="$folder"
    cd "$folder" || return
    "$compiler" -O1 -rdynamic -x c host.c -x c crash.c -x c streams.c -o host.new -ldl -lm -lpthread -lrt && mv host.new host
}

make_others() {
    export TMPDIR="$folder"
    cd "$folder" || return
    "$compiler" -O1 -shared -fPIC -Wl,-z,initfirst -x c program.c -x c crash.c -x c streams.c -o program.new &&
        mv program.new program.so
    for header; do
        case $header in prelude*) flags=-fPIC ;; *) flags= ;; esac
        nice "$compiler" $flags -gdwarf-4 -g1 -x c++-header "$header" -o "$header.new" && mv "$header.new" "$header.gch"
    done
}

[ -x "$folder/host" ] || (make_host) || exit
# An interrupt is none of its business. It is no child of the host either, or the user's code might wait for it.
mkdir "$folder/making" 2>/dev/null && (make_others "$@" </dev/null >/dev/null 2>&1 3<&- 4>&- 5<&- 6>&- &)
exec "$folder/host"
