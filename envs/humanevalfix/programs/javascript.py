"""JavaScript: the candidate runs in a function of its own and hands out what the tests name."""

import json
import re

from envs.humanevalfix.instance import Sealed
from envs.humanevalfix.programs.base import WRONG_ANSWER, Program, Secret, Step

_DECLARED = re.compile(r"^(?:const|let|var|function)\s+(\w+)", re.MULTILINE)

_SEALED = """\
const {readFileSync, writeSync, unlinkSync} = require('fs')
const config = __CONFIG__
const leave = process.reallyExit.bind(process)
const {stringify, parse} = JSON
const text = Error.prototype.toString
const names = config.names
unlinkSync(__filename)
const source = readFileSync('main.js', 'utf8')
let failed = 0
let seed = 42
// Tests that draw their inputs at random draw the same ones each time.
const random = () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed / 4294967296
}
const quiet = () => undefined
const told = {assert: (holds, ...rest) => { if (!holds) failed += 1 }, log: quiet, error: quiet, warn: quiet}
const handed = names.map(name => `${name}: typeof ${name} === 'undefined' ? undefined : ${name}`)
let status = 1
try {
  const candidate = new Function('require', 'module', 'exports', `${source}\\n;return {${handed.join(', ')}}`)
  const module = {exports: {}}
  const found = candidate(require, module, module.exports)
  const given = Object.assign(Object.create(Math), {random})
  const run = new Function('console', 'JSON', 'Math', 'require', ...names, config.tests)
  run(told, {stringify, parse}, given, require, ...names.map(name => found[name]))
  status = failed ? __WRONG__ : 0
} catch (error) {
  writeSync(2, `${error && error.stack || error}\\n`)
}
if (status === 0) writeSync(1, '\\n' + config.inside + readFileSync(0, 'utf8') + '\\n')
leave(status)
"""


def assemble(candidate: str, sealed: Sealed, secret: Secret) -> Program:
    """Put a program together; see `envs.humanevalfix.programs`."""
    names = sorted({sealed.entry_point, *_DECLARED.findall(sealed.declaration)})
    config = json.dumps({"names": names, "tests": sealed.tests, "inside": secret.inside})
    text = _SEALED.replace("__WRONG__", str(WRONG_ANSWER)).replace("__CONFIG__", config)
    run = Step(("node", "sealed.js"), 10, environment={"NODE_PATH": "/usr/share/nodejs"})
    return Program({"main.js": candidate, "sealed.js": text}, (run,))
