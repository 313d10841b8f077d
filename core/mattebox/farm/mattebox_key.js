// Job type of Flamenco 3 for Mattebox: analyse once, key in chunks, check every frame.
// It belongs into the folder `scripts` beside the Manager; docs/farm.md says how.

const JOB_TYPE = {
  label: "Mattebox key",
  settings: [
    { key: "job_file", type: "string", subtype: "file_path", required: true,
      description: "The Mattebox job: all that decides the pixels" },
    { key: "frames", type: "string", required: true,
      description: "Frames to key, such as 1001-1050,1060" },
    { key: "span", type: "string", required: true,
      description: "Whole chunks that hold the frames; tasks are cut from it" },
    { key: "chunk_size", type: "int32", default: 25, description: "Frames per task" },
    { key: "output", type: "string", subtype: "file_path", required: true,
      description: "Where the keyed frames go: folder or pattern" },
    { key: "prepared_job", type: "string", subtype: "file_path", required: true,
      description: "Where the prepared job goes" },
    { key: "command", type: "string", default: "mattebox",
      description: "How Mattebox is called on a worker" },
    { key: "command_arguments", type: "string", default: "[]",
      description: "First arguments of that command, a JSON list" },
  ],
};

function compileJob(job) {
  const settings = job.settings;

  const analyse = mattebox(settings, "analyse", [
    "analyse", "--job", settings.job_file, "--write-job", settings.prepared_job,
  ]);
  job.addTask(analyse);

  const check = mattebox(settings, "check", [
    "check", settings.output, "--job", settings.prepared_job, "--frames", settings.frames,
  ]);
  for (const chunk of frameChunker(settings.span, settings.chunk_size)) {
    const key = mattebox(settings, `key-${chunk}`, [
      "key", "--job", settings.prepared_job, "--output", settings.output,
      "--frames", settings.frames, "--chunk", chunk,
    ]);
    key.addDependency(analyse);
    check.addDependency(key);
    job.addTask(key);
  }
  job.addTask(check);
}

function mattebox(settings, name, args) {
  const task = author.Task(name, "misc");
  task.addCommand(author.Command("exec", {
    exe: settings.command,
    args: JSON.parse(settings.command_arguments).concat(args),
  }));
  return task;
}
