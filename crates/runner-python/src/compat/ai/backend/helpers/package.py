import importlib
import os
import re
import site
import subprocess
import sys

__all__ = ("install",)


def install(pkgname, force_install=False):
    """Installs a package for the user with pip, unless it is there and not forced. It can be imported at once."""
    version = None if force_install else version_of(pkgname)
    if version is not None:
        print("'%s' is already installed (version: %s)." % (pkgname, version))
        return
    command = [sys.executable, "-m", "pip", "install"]
    if sys.prefix == sys.base_prefix:
        command.append("--user")
    if force_install:
        command.append("--ignore-installed")
    sys.stdout.flush()
    # A distribution's Python refuses pip otherwise; in a kernel's container nobody else depends on it.
    subprocess.call(command + [pkgname], env=dict(os.environ, PIP_BREAK_SYSTEM_PACKAGES="1"))
    make_importable()


def make_importable():
    """The user's packages may have had no folder when Python started."""
    if sys.prefix == sys.base_prefix and os.path.isdir(site.getusersitepackages()):
        # As `site` does it, which knows what the packages ask for in their .pth files.
        site.addsitedir(site.getusersitepackages())
    importlib.invalidate_caches()


def version_of(name):
    """The version of an installed package; None where there is none, or where `name` is more than a name."""
    wanted = canonical(name)
    try:
        from importlib.metadata import distributions
        found = ((package.metadata["Name"], package.version) for package in distributions())
    except ImportError:
        # Before Python 3.8, only setuptools knows.
        import pkg_resources
        found = ((package.key, package.version) for package in pkg_resources.WorkingSet())
    return next((version for package, version in found if package and canonical(package) == wanted), None)


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()
