"""Go: the sealed tests are the package's test file, with a `TestMain` that prints the mark."""

from envs.humanevalfix.composing import go_file, go_with_imports
from envs.humanevalfix.instance import Sealed
from envs.humanevalfix.programs.base import WRONG_ANSWER, Program, Secret, Step

_END = """\

func TestMain(m *testing.M) {{
	if m.Run() != 0 {{
		os.Exit({wrong})
	}}
	outside, _ := io.ReadAll(os.Stdin)
	os.Stdout.WriteString("\\n{inside}" + string(outside) + "\\n")
	os.Exit(0)
}}
"""


def assemble(candidate: str, sealed: Sealed, secret: Secret) -> Program:
    """Put a program together; see `envs.humanevalfix.programs`."""
    end = _END.format(inside=secret.inside, wrong=WRONG_ANSWER)
    test = go_file(sealed.tests + end, ("testing", "io", "os", "github.com/stretchr/testify/assert"))
    environment = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "CGO_ENABLED": "0"}
    return Program(
        {"main.go": go_with_imports(candidate), "main_test.go": test},
        (
            Step(("go", "test", "-c", "-o", "sealed", "."), 120, builds=True, environment=environment),
            Step(("./sealed",), 10),
        ),
        unneeded=("main_test.go",),
    )
