"""Java: two folders of classes, the sealed one first, so the candidate's own `Main` gives way."""

import re

from envs.humanevalfix.instance import Sealed
from envs.humanevalfix.programs.base import WRONG_ANSWER, Program, Secret, Step

_IMPORT = re.compile(r"^import [^;\n]+;", re.MULTILINE)

_END = """\
class {inside} {{
    public static void main(String[] arguments) throws Exception {{
        try {{
            Main.main(arguments);
        }} catch (java.lang.AssertionError failed) {{
            failed.printStackTrace();
            Runtime.getRuntime().halt({wrong});
        }} catch (java.lang.Throwable thrown) {{
            thrown.printStackTrace();
            Runtime.getRuntime().halt(1);
        }}
        byte[] mark = ("\\n{inside}" + new String(System.in.readAllBytes()) + "\\n").getBytes();
        new java.io.FileOutputStream(java.io.FileDescriptor.out).write(mark);
        Runtime.getRuntime().halt(0);
    }}
}}
"""
# Small programs: the quick compiler and the plain collector take half the CPU time of the usual ones.
_QUICK = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto")


def assemble(candidate: str, sealed: Sealed, secret: Secret) -> Program:
    """Put a program together; see `envs.humanevalfix.programs`."""
    imports = "\n".join(dict.fromkeys(_IMPORT.findall(sealed.declaration)))
    end = _END.format(inside=secret.inside, wrong=WRONG_ANSWER)
    files = {"Main.java": candidate, "sealed/Main.java": f"{imports}\n{sealed.tests}\n{end}"}
    compiler = ("javac", *(f"-J{option}" for option in _QUICK), "-nowarn", "-proc:none", "-encoding", "UTF-8")
    return Program(
        files,
        (
            Step((*compiler, "-d", "candidate", "Main.java"), 60, builds=True),
            Step((*compiler, "-cp", "candidate", "-d", "sealed", "sealed/Main.java"), 60, builds=True),
            Step(("java", *_QUICK, "-cp", "sealed:candidate", secret.inside), 15),
        ),
        unneeded=("sealed/Main.java",),
    )
