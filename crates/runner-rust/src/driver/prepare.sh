# Makes in the folder $1, with the rustc $2, what programs and snippets are linked with, and with a third argument
# starts the host of a session.
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
    ln -sf "$sysroot/bin/rustc" "$folder/rustc"
fi
rustc="$folder/rustc"
mkdir -p "$folder/new.$$"
if [ ! -e "$folder/libkernel_runner.rlib" ]; then
    "$rustc" -vV >"$folder/version"
    "$rustc" --edition 2021 -Awarnings -Cprefer-dynamic --crate-name kernel_runner \
        --crate-type dylib --crate-type rlib --out-dir "$folder/new.$$" "$folder/driver/lib.rs" &&
        mv "$folder/new.$$/libkernel_runner.so" "$folder" &&
        mv "$folder/new.$$/libkernel_runner.rlib" "$folder" || exit
fi
if [ ! -e "$folder/link.sh" ]; then
    # Only a compiler that can link what nobody names gets the wrapper.
    RUSTC_BOOTSTRAP=1 "$rustc" -Zunstable-options -L"$folder" --extern force:kernel_runner --crate-name probe \
        --crate-type lib --emit metadata --out-dir "$folder/new.$$" - </dev/null 2>/dev/null &&
        cp "$folder/driver/link.sh" "$folder/link.sh" && chmod +x "$folder/link.sh"
fi
[ $# -gt 2 ] || exit 0
if [ ! -x "$folder/host" ]; then
    libraries=$("$rustc" --print target-libdir)
    "$rustc" --edition 2021 -Awarnings -Cprefer-dynamic -L"$folder" --extern kernel_runner "$folder/driver/host.rs" \
        -Clink-arg="-Wl,-rpath,$libraries" -Clink-arg="-Wl,-rpath,$folder" -o "$folder/host.new" &&
        mv "$folder/host.new" "$folder/host" || exit
fi
if [ ! -e "$folder/libkernel_runner_common.so" ]; then
    # An interrupt is none of its business. It is no child of the host either, or the user's code might wait for it.
    (trap '' INT; (
    "$rustc" --edition 2021 -Awarnings -Cprefer-dynamic -L"$folder" --extern kernel_runner \
        --crate-name kernel_runner_common --crate-type dylib --out-dir "$folder/new.$$" "$folder/driver/common.rs" &&
        mv "$folder/new.$$/libkernel_runner_common.so" "$folder"
    ) </dev/null >/dev/null 2>&1 3<&- 4>&- 5<&- 6>&- &)
fi
exec "$folder/host" "$folder"
