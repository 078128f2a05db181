"""Builds the native shim into the folder that VapourSynth loads by itself; all else is in setup.cfg."""

import shutil
import sys
from pathlib import Path
from typing import Any

import vapoursynth
from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext
from setuptools.command.editable_wheel import editable_wheel

VERSION = next(line.split("=")[1].strip() for line in Path("setup.cfg").read_text().splitlines() if "version =" in line)
MAJOR, MINOR, _ = VERSION.split(".")
MSVC_FLAGS = ["/std:c++17", "/W4", "/EHsc"]
GCC_FLAGS = ["-std=c++17", "-O2", "-Wall", "-Wextra", "-fvisibility=hidden"]


class BuildShim(build_ext):
    """Compiles with the flags of the compiler at hand."""

    def build_extension(self, ext: Extension) -> None:
        """Compile one extension."""
        ext.extra_compile_args = MSVC_FLAGS if self.compiler.compiler_type == "msvc" else GCC_FLAGS
        super().build_extension(ext)

    def get_export_symbols(self, ext: Extension) -> list[str]:
        """Nothing: the shim is no Python module, VapourSynth finds its entry by itself."""
        return []


class AbiWheel(bdist_wheel):
    """One binary serves every Python from 3.12 on: it uses the limited API only."""

    def finalize_options(self) -> None:
        """Set the tag."""
        self.py_limited_api = "cp312"
        super().finalize_options()


class EditableWithShim(editable_wheel):
    """Puts the shim into site-packages also where the Python code stays in this tree.

    VapourSynth looks for plugins below its own package only; an editable wheel as setuptools makes it holds no
    binaries. The hook is not public, so pyproject.toml bounds the version of setuptools.
    """

    def _run_build_commands(self, dist_name: str, unpacked_wheel: Any, build_lib: Any, tmp_dir: str) -> Any:
        result = super()._run_build_commands(dist_name, unpacked_wheel, build_lib, tmp_dir)
        target = Path(unpacked_wheel, *EXTENSION.name.split(".")[:-1])
        target.mkdir(parents=True)
        for built in self.get_finalized_command("build_ext").get_outputs():
            shutil.copy2(built, target)
        return result


EXTENSION = Extension(
    "vapoursynth.plugins.animesr.animesr",
    sources=["vsanimesr/native/animesr.cpp", "vsanimesr/native/bridge.cpp", "vsanimesr/native/nodes.cpp"],
    depends=["vsanimesr/native/bridge.h", "vsanimesr/native/nodes.h"],
    include_dirs=[vapoursynth.get_include()],
    define_macros=[("ANIMESR_MAJOR", MAJOR), ("ANIMESR_MINOR", MINOR)],
    libraries=["python3"] if sys.platform == "win32" else [],
    language="c++",
    py_limited_api=True,
)

setup(
    ext_modules=[EXTENSION],
    package_dir={"vapoursynth.plugins.animesr": "vsanimesr/native"},
    cmdclass={"build_ext": BuildShim, "bdist_wheel": AbiWheel, "editable_wheel": EditableWithShim},
)
