# Starts the host of a session, in its own folder $1, with the compiler $2. In the background it makes what programs need:
# what is loaded into them, and the precompiled headers, which are named from $4 on. With `warm` for $3 it makes all of it
# first, and starts nothing.
folder=$1 compiler=$2 what=$3
shift 3
# Whoever compiles a query says it.
command -v "$compiler" >/dev/null || exit 127

# Makes the file $1, unless it is there. It is moved to its place, so that nobody sees a half of it.
make() {
    file=$1
    shift
    [ -e "$file" ] || { "$@" -o "$file.new" && mv "$file.new" "$file"; }
}

make_host() {
    export TMPDIR="$folder"
    cd "$folder" || return
    make host "$compiler" -O1 -rdynamic -x c host.c -x c crash.c -x c streams.c -ldl -lm -lpthread -lrt
}

make_others() {
    export TMPDIR="$folder"
    cd "$folder" || return
    make program.so "$compiler" -O1 -shared -fPIC -Wl,-z,initfirst -x c program.c -x c crash.c -x c streams.c
    status=$?
    for header; do
        case $header in prelude*) flags=-fPIC ;; *) flags= ;; esac
        make "$header.gch" nice "$compiler" $flags -w -gdwarf-4 -g1 -x c++-header "$header" || status=1
    done
    return $status
}

(make_host) || exit
[ "$what" != warm ] || { make_others "$@"; exit; }
# An interrupt is none of its business. It is no child of the host either, or the user's code might wait for it.
mkdir "$folder/making" 2>/dev/null && (make_others "$@" </dev/null >/dev/null 2>&1 3<&- 4>&- 5<&- 6>&- &)
exec "$folder/host"
