import re
import sys

from kernel_runner.commands import pip

__all__ = ("install",)


def install(pkgname, force_install=False):
    """Installs a package for the user with pip, unless it is there and not forced. It can be imported at once."""
    version = None if force_install else version_of(pkgname)
    if version is not None:
        print("'%s' is already installed (version: %s)." % (pkgname, version))
        return
    options = ["--user"] if sys.prefix == sys.base_prefix else []
    if force_install:
        options.append("--ignore-installed")
    pip("install", *(options + [pkgname]))


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
