# Makes in the folder $1, with the rustc $2, what programs and snippets are linked with. With `host` for $3 it starts the
# host of a session, and with `warm` it makes all that this needs.
folder=$1 rustc=$2
export TMPDIR=$folder RUSTFLAGS= RUST_BACKTRACE=0
# Whoever compiles a query says it.
command -v "$rustc" >/dev/null || exit 127
if [ ! -e "$folder/rustc" ]; then
    # What rustup calls is called directly from here on: that is faster, and needs no home.
    home=$(dirname "$(command -v "$rustc")")/../../.rustup
    if [ -z "$RUSTUP_HOME" ] && [ ! -d "$HOME/.rustup/toolchains" ] && [ -d "$home" ]; then
        export RUSTUP_HOME="$home"
    fi
    sysroot=$("$rustc" --print sysroot) || exit
    # Behind its own path, rustup may have another compiler than the one that the cache was made with.
    if [ -h "$folder/version" ] && ! "$sysroot/bin/rustc" -vV | cmp -s - "$folder/version"; then
        (cd "$folder" && rm -f version link.sh host libkernel_runner*)
    fi
    ln -sf "$sysroot/bin/rustc" "$folder/rustc"
fi
rustc="$folder/rustc"
new="$folder/new.$$"
mkdir -p "$new"
# Two may be at it at once, so that each puts whole files into their places; the last one says that all are there.
if [ ! -e "$folder/libkernel_runner.rlib" ]; then
    "$rustc" -vV >"$new/version" && mv "$new/version" "$folder"
    "$rustc" --edition 2021 -Awarnings -Cprefer-dynamic --crate-name kernel_runner \
        --crate-type dylib --crate-type rlib --out-dir "$new" "$folder/driver/lib.rs" || exit
    # Only a compiler that can link what nobody names gets the wrapper.
    RUSTC_BOOTSTRAP=1 "$rustc" -Zunstable-options -L"$new" --extern force:kernel_runner --crate-name probe \
        --crate-type lib --emit metadata --out-dir "$new" - </dev/null 2>/dev/null &&
        cp "$folder/driver/link.sh" "$new" && chmod +x "$new/link.sh" && mv "$new/link.sh" "$folder"
    mv "$new/libkernel_runner.so" "$folder" && mv "$new/libkernel_runner.rlib" "$folder" || exit
fi
[ $# -gt 2 ] || exit 0
if [ ! -x "$folder/host" ]; then
    libraries=$("$rustc" --print target-libdir)
    "$rustc" --edition 2021 -Awarnings -Cprefer-dynamic -L"$folder" --extern kernel_runner "$folder/driver/host.rs" \
        -Clink-arg="-Wl,-rpath,$libraries" -Clink-arg="-Wl,-rpath,$folder" -o "$new/host" &&
        mv "$new/host" "$folder" || exit
fi
if [ ! -e "$folder/libkernel_runner_common.so" ]; then
    make_common() {
        "$rustc" --edition 2021 -Awarnings -Cprefer-dynamic -L"$folder" --extern kernel_runner \
            --crate-name kernel_runner_common --crate-type dylib --out-dir "$new" "$folder/driver/common.rs" &&
            mv "$new/libkernel_runner_common.so" "$folder"
    }
    if [ "$3" = warm ]; then
        make_common || exit
    else
        # An interrupt is none of its business. It is no child of the host either, or the user's code might wait for it.
        (trap '' INT; (make_common) </dev/null >/dev/null 2>&1 3<&- 4>&- 5<&- 6>&- &)
    fi
fi
[ "$3" = host ] || exit 0
exec "$folder/host" "$folder"
