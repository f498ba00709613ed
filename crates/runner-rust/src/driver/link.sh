#!/bin/sh
# Calls a compiler, and links its programs with kernel_runner. What is for another compiler or machine is left alone.
folder=$(dirname "$0")
case " $* " in
*" --target "* | *" --target="*) ;;
*" --crate-type bin "*)
    if [ "$("$1" -vV)" = "$(cat "$folder/version")" ]; then
        RUSTC_BOOTSTRAP=1 exec "$@" -Zunstable-options -L "$folder" --extern force:kernel_runner
    fi
    ;;
esac
exec "$@"
