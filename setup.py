"""Compile every `ext/NAME.pyx` to `hybridbg._kernels.baseline.NAME`; the rest is in pyproject.toml.

On x86-64 every kernel is compiled again for AVX2 and for AVX-512, into subpackages beside that one;
`hybridbg._kernels.NAME` is the fastest that the processor runs. A wheel therefore needs no
-march=native, and still uses what is there.

Environment variables read at build time:

HYBRIDBG_DEBUG_KERNELS=1   build with bounds checks on and optimisation low, for the baseline only
HYBRIDBG_NO_OPENMP=1       build without OpenMP even where the compiler has it
HYBRIDBG_NO_SIMD=1         build for the baseline processor only
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from copy import copy
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

DEBUG = os.environ.get("HYBRIDBG_DEBUG_KERNELS") == "1"
NO_OPENMP = os.environ.get("HYBRIDBG_NO_OPENMP") == "1"
NO_SIMD = os.environ.get("HYBRIDBG_NO_SIMD") == "1"

SIMD = {
    "avx2": ["-mavx2", "-mfma"],
    "avx512": ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mavx2", "-mfma"],
}
"""Subpackages and what GCC and Clang are told; ext/threads.pyx asks the processor the same."""

SAME_EVERYWHERE = {"threads"}
"""Kernels that have nothing to vectorise: they are in `hybridbg._kernels` itself."""

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": DEBUG,
    "wraparound": False,
    "initializedcheck": DEBUG,
    "nonecheck": DEBUG,
    "cdivision": not DEBUG,
    "embedsignature": True,
    "freethreading_compatible": True,
}

OPENMP_PROBE = """
#include <omp.h>
int main(void) { return omp_get_max_threads() < 1; }
"""


def openmp_flags(compiler_type: str) -> tuple[list[str], list[str]]:
    """Return (compile, link) flags that ask this kind of compiler for OpenMP."""
    if compiler_type == "msvc":
        return ["/openmp"], []
    if sys.platform == "darwin":  # Apple's clang: a flag for the preprocessor, libomp is apart
        return ["-Xpreprocessor", "-fopenmp"], ["-lomp"]
    return ["-fopenmp"], ["-fopenmp"]


class BuildKernels(build_ext):
    """Add optimisation flags, and OpenMP where a probe program compiles and links."""

    def build_extensions(self) -> None:
        """Decide the flags once for this compiler, then build."""
        msvc = self.compiler.compiler_type == "msvc"
        if DEBUG:
            compile_flags = ["/Od"] if msvc else ["-O1", "-g"]
        else:
            compile_flags = ["/O2"] if msvc else ["-O3", "-g0", "-fno-math-errno"]
        link_flags: list[str] = []
        if self.has_openmp():
            extra_compile, extra_link = openmp_flags(self.compiler.compiler_type)
            compile_flags += extra_compile
            link_flags += extra_link
        else:
            print("hybridbg: no OpenMP; the kernels will run on one thread")
        for extension in self.extensions:
            extension.extra_compile_args = compile_flags
            extension.extra_link_args = link_flags
        if not msvc and self.has_x86_64():
            self.extensions = self.extensions + [
                variant(extension, name)
                for extension in self.extensions
                for name in SIMD
                if extension.name.rpartition(".")[2] not in SAME_EVERYWHERE
            ]
        super().build_extensions()

    def build_extension(self, extension: Extension) -> None:
        """Build one, with object files of its own: the variants share their source."""
        kept = self.build_temp
        self.build_temp = str(Path(kept, extension.name))
        try:
            super().build_extension(extension)
        finally:
            self.build_temp = kept

    def has_x86_64(self) -> bool:
        """Whether this is an ordinary build for one x86-64 processor."""
        universal = "arm64" in os.environ.get("ARCHFLAGS", "")
        x86_64 = platform.machine().lower() in {"x86_64", "amd64"}
        return x86_64 and sys.maxsize > 2**32 and not (universal or DEBUG or NO_SIMD)

    def has_openmp(self) -> bool:
        """Whether a small OpenMP program compiles and links."""
        if NO_OPENMP:
            return False
        compile_flags, link_flags = openmp_flags(self.compiler.compiler_type)
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder, "probe.c")
            source.write_text(OPENMP_PROBE, encoding="ascii")
            try:
                objects = self.compiler.compile(
                    [str(source)], output_dir=folder, extra_postargs=compile_flags
                )
                self.compiler.link_executable(
                    objects, str(Path(folder, "probe")), extra_postargs=link_flags
                )
            except Exception:  # each compiler class raises its own kind
                return False
        return True


class BuildPython(build_py):
    """Put the GIMP plug-in into the wheel, where `hybridbg gimp install` finds it."""

    def run(self) -> None:
        """Build as ever, then copy the plug-in's files as they are."""
        super().run()
        if self.editable_mode:  # it is found in the clone
            return
        for path in sorted(Path("gimp_plugin").glob("*/**/*")):
            if path.suffix in {".py", ".po"} and "__pycache__" not in path.parts:
                target = Path(self.build_lib, "hybridbg", path)
                target.parent.mkdir(parents=True, exist_ok=True)
                self.copy_file(str(path), str(target))


def variant(extension: Extension, simd: str) -> Extension:
    """Return the extension compiled for a better processor, in that subpackage."""
    better = copy(extension)
    better.name = extension.name.replace(".baseline.", f".{simd}.")
    better.extra_compile_args = [*extension.extra_compile_args, *SIMD[simd]]
    return better


def module_name(kernel: str) -> str:
    """Return the full name of a kernel's plain build."""
    return f"hybridbg._kernels.{'' if kernel in SAME_EVERYWHERE else 'baseline.'}{kernel}"


extensions = [
    Extension(module_name(path.stem), [path.as_posix()])
    for path in sorted(Path("ext").glob("*.pyx"))
]

setup(
    ext_modules=cythonize(
        extensions,
        build_dir="build/cython",
        compiler_directives=DIRECTIVES,
        include_path=["ext"],
        quiet=True,
    ),
    cmdclass={"build_ext": BuildKernels, "build_py": BuildPython},
)
