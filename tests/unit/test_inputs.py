"""The table of inputs: one line more there is an option, a job entry and a picture more."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from tests.support.pictures import write_exr, write_shot

from mattebox.inputs import inputs
from mattebox.job import Job

NEW_MATTE = """
import sys
from pathlib import Path
from mattebox import inputs

class Wider(inputs.Inputs, frozen=True):
    smoke: inputs.Matte | None = inputs.matte("Where there is smoke.", group="Matte")

inputs.Inputs = Wider  # what one line in the table does

from mattebox.cli.app import app
plate, smoke, job = sys.argv[1:]
sys.argv = [
    "mattebox", "key", plate, "-o", f"{job}.out/", "--screen", "auto", "--smoke", smoke,
    "--write-job", job, "--no-analysis",
]
app(standalone_mode=False)

from mattebox.farm.job_paths import with_paths
from mattebox.job import Job
from mattebox.shot import Shot
read = Job.read(Path(job))
elsewhere = with_paths(read, lambda text: f"/there{text}")
shot = Shot.open(read)
pictures = shot.read(1002)
matte = pictures.input("smoke")
print(matte.shape, float(matte.mean()), elsewhere.smoke.pattern, len(shot.files(1002)))

import make_parameters
print(make_parameters.inputs()[-1].label)
"""


def test_a_new_matte_arrives_from_the_command_line_at_the_pictures_and_on_panels(
    tmp_path: Path,
) -> None:
    plate = write_shot(tmp_path / "in", range(1001, 1003))
    smoke = write_exr(tmp_path / "smoke.exr", np.full((36, 64, 3), 0.25, np.float32))
    done = subprocess.run(
        [sys.executable, "-c", NEW_MATTE, plate, f"{smoke}:R", tmp_path / "job.json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"(36, 64) 0.25 /there{smoke} 2", "Smoke"]
    job = json.loads((tmp_path / "job.json").read_text())
    assert job["smoke"] == {"pattern": str(smoke), "channel": "R"}


def test_the_table_names_every_input_of_a_job_and_the_plate_first() -> None:
    listed = inputs()
    assert listed[0].name == "plate"
    assert {one.name for one in listed} <= set(Job.model_fields)
    assert all(one.help.endswith(".") for one in listed)
