"""From Script-Fu, and what the plug-in says of itself; Python-Fu is what the matrix is run by."""

from __future__ import annotations

import json
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.gimp.root import REPOSITORY, GimpRoot

SCRIPT = """
(let* ((image (car (gimp-file-load RUN-NONINTERACTIVE "{picture}")))
       (layers (car (gimp-image-get-layers image))))
  (plug-in-hybridbg-remove #:run-mode RUN-NONINTERACTIVE #:image image #:drawables layers
                           #:method "grabcut" #:output "mask")
  (gimp-file-save RUN-NONINTERACTIVE image "{result}"))
"""


def test_script_fu(gimp: GimpRoot) -> None:
    shutil.copy(REPOSITORY / "samples/fur/image.png", gimp.folder / "fur.png")
    script = SCRIPT.format(
        picture=f"{gimp.inside}/fur.png", result=f"{gimp.inside}/fur.xcf"
    ).replace("\n", " ")
    done = subprocess.run(
        gimp.command(
            "gimp-console-3.0",
            "-i",
            "--batch-interpreter",
            "plug-in-script-fu-eval",
            "-b",
            script,
            "--quit",
        ),
        env=gimp.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=300,
        check=False,
    )
    assert (gimp.folder / "fur.xcf").exists(), done.stdout.decode()
    answer = gimp.folder / "fur.json"
    gimp.python(
        "import json; "
        f"image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, "
        f"Gio.File.new_for_path('{gimp.inside}/fur.xcf')); "
        f"open('{gimp.inside}/fur.json', 'w').write(json.dumps("
        "[layer.get_mask() is not None for layer in image.get_layers()]))"
    )
    assert json.loads(answer.read_text()) == [True]


def test_setup_check(gimp: GimpRoot) -> None:
    gimp.python(
        "import json; "
        "procedure = Gimp.get_pdb().lookup_procedure('plug-in-hybridbg-check'); "
        "values = procedure.run(procedure.create_config()); "
        f"open('{gimp.inside}/check.json', 'w').write(values.index(1))"
    )
    report = json.loads((gimp.folder / "check.json").read_text())
    assert report["type"] == "hello"
    assert {check["name"] for check in report["checks"]} >= {"numpy", "kernels", "default model"}


def test_two_at_once_from_a_home_of_many_letters(gimp: GimpRoot) -> None:
    """Spaces and letters beyond ASCII in the path of the plug-in, and two GIMPs that share it."""
    home = "home of Zoë and 猫"
    shutil.copytree(gimp.folder / "home", gimp.folder / home)

    def check(number: int) -> str:
        answer = f"check-{number}.json"
        said = gimp.python(
            "procedure = Gimp.get_pdb().lookup_procedure('plug-in-hybridbg-check'); "
            "values = procedure.run(procedure.create_config()); "
            f"open('{gimp.inside}/{answer}', 'w').write(values.index(1))",
            GIMP_HOME=f"{gimp.inside}/{home}",
        )
        assert (gimp.folder / answer).exists(), said
        return (gimp.folder / answer).read_text()

    with ThreadPoolExecutor(2) as both:
        reports = [json.loads(text) for text in both.map(check, (1, 2))]
    assert [report["type"] for report in reports] == ["hello", "hello"]


@pytest.mark.parametrize(
    ("language", "begin"),
    [
        ("C.UTF-8", "Find the"),
        ("de_DE.UTF-8", "Das Motiv"),
        ("es_ES.UTF-8", "Encontrar"),
        ("fr_FR.UTF-8", "Trouver"),
        ("ja_JP.UTF-8", "被写体"),
    ],
)
def test_languages(gimp: GimpRoot, language: str, begin: str) -> None:
    """What GIMP knows of a procedure is in the language that GIMP runs in."""
    gimp.python(
        "procedure = Gimp.get_pdb().lookup_procedure('plug-in-hybridbg-remove'); "
        f"open('{gimp.inside}/blurb', 'w').write(procedure.get_blurb())",
        GIMP_LANG=language,
    )
    assert (gimp.folder / "blurb").read_text(encoding="utf-8").startswith(begin)
