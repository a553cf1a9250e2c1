"""What the images of the languages hold: recipes on top of the base image, from Debian's packages.

Each is an image of its own, so that nobody builds or loads a compiler that is not asked for. What takes
long and never changes (a compiled standard library, compiled crates) is made once, in the image.
"""

from typing import NamedTuple

from envs.labels import LABEL_ROLE


class Recipe(NamedTuple):
    """An image on top of the base image.

    Attributes:
        name: Names the image, and the recipe on the command line.
        packages: Debian packages.
        setup: Shell commands that run as root afterwards; each must succeed.
        environment: Variables that every command in the image gets.
    """

    name: str
    packages: tuple[str, ...]
    setup: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()

    def dockerfile(self, base: str) -> str:
        """Return the recipe in the form that an engine builds, on top of the image `base`."""
        # Packages with slides for manual pages fail where the base image has no folder for them.
        steps = (
            "mkdir -p /usr/share/man/man1",
            "apt-get update",
            f"apt-get install --yes --no-install-recommends {' '.join(self.packages)}",
            "rm -rf /var/lib/apt/lists/* /usr/share/doc/* /var/cache/apt/*.bin",
            *self.setup,
        )
        variables = (f"ENV {name}={value}" for name, value in self.environment)
        label = f"LABEL {LABEL_ROLE}={self.name}"
        return "\n".join((f"FROM {base}", *variables, label, "RUN " + " && ".join(steps), ""))


GO_CACHE = "/var/cache/patchwright/go"
RUST_CRATES = "/usr/lib/patchwright/rust"
NODE_MODULES = "/usr/share/nodejs"

_MD5_MODULE = "module.exports = s => require('crypto').createHash('md5').update(s).digest('hex')"

_CRATES = """\
[package]
name = "crates"
version = "0.1.0"
edition = "2021"
[profile.dev]
debug = 0
[dependencies]
rand = "*"
regex = "*"
md5 = "*"
"""
_CARGO = (
    '[source.crates-io]\nreplace-with = "debian"\n[source.debian]\ndirectory = "/usr/share/cargo/registry"\n'
)


def _file(path: str, text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("\n", "\\n").replace("'", "'\\''")
    return f"printf '{escaped}' > {path}"


_GO_TEST = """\
package main
import ("testing"; "bytes"; "crypto/md5"; "fmt"; "math"; "math/rand"; "regexp"; "sort"; "strconv"; \
"strings"; "time"; "os"; "io"; "bufio"; "github.com/stretchr/testify/assert")
var _ = []interface{}{bytes.MinRead, md5.Size, fmt.Sprint, math.Pi, rand.Int, regexp.MustCompile, sort.Ints, \
strconv.Itoa, strings.ToLower, time.Now, os.Args, io.EOF, bufio.NewReader}
func TestWarm(t *testing.T) { assert.Equal(t, 1, 1) }
"""

RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "js",
            ("nodejs",),
            (
                f"mkdir -p {NODE_MODULES}/js-md5",
                _file(f"{NODE_MODULES}/js-md5/index.js", _MD5_MODULE),
            ),
            (("NODE_PATH", NODE_MODULES),),
        ),
        Recipe("java", ("openjdk-17-jdk-headless",)),
        Recipe(
            "go",
            ("golang-go", "golang-github-stretchr-testify-dev"),
            (
                f"mkdir -p {GO_CACHE} /tmp/warm",
                "cd /tmp/warm",
                _file("warm_test.go", _GO_TEST),
                "go test -c -o warm .",
                "go test .",
                f"rm -rf /tmp/warm && chmod -R a+rX {GO_CACHE}",
            ),
            # Debian's packages lie in a GOPATH, where no proxy and no checksum database is asked.
            (
                ("GO111MODULE", "off"),
                ("GOPATH", "/usr/share/gocode"),
                ("GOCACHE", GO_CACHE),
                ("CGO_ENABLED", "0"),
            ),
        ),
        Recipe("cpp", ("g++", "libboost-dev", "libssl-dev")),
        Recipe(
            "rust",
            (
                "rustc",
                "cargo",
                "librust-rand-dev",
                "librust-regex-dev",
                "librust-aho-corasick-dev",
                "librust-memchr-dev",
                "librust-md5-dev",
            ),
            (
                "mkdir -p /tmp/crates/src /tmp/crates/.cargo",
                "cd /tmp/crates",
                "touch src/lib.rs",
                _file("Cargo.toml", _CRATES),
                _file(".cargo/config.toml", _CARGO),
                "CARGO_HOME=/tmp/cargo cargo build --offline",
                f"mkdir -p {RUST_CRATES}",
                f"cp target/debug/deps/*.rlib target/debug/deps/*.rmeta {RUST_CRATES}",
                f"rm -rf /tmp/crates /tmp/cargo {RUST_CRATES}/libcrates*",
            ),
        ),
    )
}  # fmt: skip
