# Installs Debian 11's Julia below /opt; the first argument is a mirror of Debian's packages.
set -e
root=/opt/julia-debian-11
rm -rf "$root"
debootstrap --variant=minbase --include=julia bullseye "$root" "$@"

# Julia starts itself anew by this name, so that the wrapper takes the place of the program.
mv "$root/usr/bin/julia" "$root/usr/bin/julia.elf"
loader=$(echo "$root"/lib/*-linux-gnu/ld-linux-*.so.*)
libraries=${loader%/*}
cat > "$root/usr/bin/julia" <<END
#!/bin/sh
export JULIA_BINDIR=$root/usr/bin
exec $loader --library-path $libraries:$libraries/julia $root/usr/bin/julia.elf -J $libraries/julia/sys.so "\$@"
END
chmod +x "$root/usr/bin/julia"
ln -sf "$root/usr/bin/julia" /usr/local/bin/julia
julia --version
