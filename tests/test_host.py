"""The native library in hosts that are not ours: without Python, and with another package of our import name."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import vapoursynth as vs

HOST = r"""
#include <cstdio>
#include <dlfcn.h>
#include "VapourSynth4.h"
int main(int, char **argv) {
    void *library = dlopen(argv[1], RTLD_NOW);
    if (!library) return std::puts(dlerror()), 3;
    auto get = reinterpret_cast<const VSAPI *(*)(int)>(dlsym(library, "getVapourSynthAPI"));
    const VSAPI *api = get(VAPOURSYNTH_API_VERSION);
    VSCore *core = api->createCore(ccfDisableAutoLoading);
    VSMap *args = api->createMap();
    api->mapSetData(args, "path", argv[2], -1, dtUtf8, maReplace);
    VSMap *loaded = api->invoke(api->getPluginByNamespace("std", core), "LoadPlugin", args);
    if (api->mapGetError(loaded)) return std::puts(api->mapGetError(loaded)), 4;
    api->clearMap(args);
    VSMap *blank = api->invoke(api->getPluginByNamespace("std", core), "BlankClip", args);
    VSNode *clip = api->mapGetNode(blank, "clip", 0, nullptr);
    api->mapSetNode(args, "clip", clip, maReplace);
    VSMap *upscaled = api->invoke(api->getPluginByNamespace("animesr", core), "Upscale", args);
    std::puts(api->mapGetError(upscaled) ? api->mapGetError(upscaled) : "no error");
    char text[64];
    std::snprintf(text, sizeof text, "still %d frames", api->getVideoInfo(clip)->numFrames);
    std::puts(text);
    api->freeNode(clip);
    api->freeMap(args), api->freeMap(loaded), api->freeMap(blank), api->freeMap(upscaled);
    api->freeCore(core);
    return 0;
}
"""


def plugin_library() -> Path:
    folder = Path(vs.get_plugin_dir()) / "animesr"
    return next(folder.glob("animesr*"))


@pytest.mark.skipif(sys.platform == "win32", reason="the host is written for dlopen")
def test_a_host_without_python_gets_an_error_and_lives_on(tmp_path: Path) -> None:
    source, host = tmp_path / "host.cpp", tmp_path / "host"
    source.write_text(HOST)
    compiler = os.environ.get("CXX", "c++")
    subprocess.run([compiler, "-std=c++17", f"-I{vs.get_include()}", source, "-o", host, "-ldl"], check=True)
    libraries = Path(vs.__file__).parent / "libvapoursynth.so.4"
    done = subprocess.run([host, libraries, plugin_library()], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines() == [
        "Upscale: this process has no Python, which the filter needs; run it by vspipe or from Python",
        "still 240 frames",
    ]


@pytest.fixture
def intruder(tmp_path: Path) -> Path:
    """A folder with an installed distribution `vsanimesr` that is not ours."""
    package, info = tmp_path / "vsanimesr", tmp_path / "vsanimesr-2.0.0.dist-info"
    package.mkdir()
    info.mkdir()
    (package / "__init__.py").write_text("def animesr(clip): ...\n")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: vsanimesr\nVersion: 2.0.0\n")
    return tmp_path


def answer(intruder: Path) -> str:
    script = (
        "import vapoursynth as vs\n"
        "clip = vs.core.std.BlankClip(format=vs.RGBS, width=64, height=48)\n"
        "try: vs.core.animesr.Upscale(clip, backend='fake')\n"
        "except vs.Error as error: print(error)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(intruder)}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=intruder, env=environment, capture_output=True, text=True, timeout=60)
    assert not done.returncode, done.stderr
    return done.stdout


def test_another_package_of_the_same_import_name_is_named_with_the_way_out(intruder: Path) -> None:
    text = answer(intruder)
    assert text.startswith("Upscale: ImportError: cannot import vsanimesr: ")
    assert "'vsanimesr' 2.0.0, another project of the same import name, is in the way: pip uninstall vsanimesr" in text


def test_another_package_that_overwrote_our_init_is_named_too(intruder: Path) -> None:
    ours = Path(__file__).parent.parent / "vsanimesr"
    shutil.copytree(ours, intruder / "vsanimesr", dirs_exist_ok=True, ignore=shutil.ignore_patterns("__init__.py"))
    for package in ("backends", "models"):
        shutil.copy(ours / package / "__init__.py", intruder / "vsanimesr" / package)
    assert "pip uninstall vsanimesr" in answer(intruder)
