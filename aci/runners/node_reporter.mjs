// Runs inside the sandbox: a reporter of `node --test` that writes one JSON line for each thing that happens.
// Node's own reports of version 20 name neither the file of a test nor, once killed, what ran before.

const describe = (error) => {
  const cause = error?.cause ?? error;
  if (cause === undefined || cause === null || typeof cause !== "object") return { message: String(cause) };
  return { name: cause.name, message: cause.message, stack: cause.stack, code: error?.code };
};

export default async function* (source) {
  for await (const { type, data } of source) {
    if (type === "test:stderr") yield JSON.stringify({ type, file: data.file, message: data.message }) + "\n";
    if (!["test:start", "test:pass", "test:fail"].includes(type)) continue;
    const { name, nesting, file, skip, todo, details } = data;
    yield JSON.stringify({
      type, name, nesting, file,
      skipped: (skip ?? todo) !== undefined && skip !== false && todo !== false,
      suite: details?.type === "suite",
      kind: details?.error?.failureType,
      error: type === "test:fail" ? describe(details?.error) : undefined,
    }) + "\n";
  }
}
