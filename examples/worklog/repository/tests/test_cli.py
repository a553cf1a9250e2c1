import contextlib
import io
import tempfile
import unittest
from pathlib import Path

from worklog.cli import main


class CommandLineTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = Path(folder.name) / "hours.txt"

    def run_report(self, text, *options):
        self.file.write_text(text, encoding="utf-8")
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main(["report", str(self.file), *options])
        return status, out.getvalue(), err.getvalue()

    def test_a_short_week(self):
        status, out, _ = self.run_report("2024-03-04 08:30-12:00 website\n")
        self.assertEqual(status, 0)
        self.assertTrue(out.rstrip().endswith("3:30"))

    def test_decimals(self):
        _, out, _ = self.run_report("2024-03-04 09:00-12:00 website\n", "--decimal")
        self.assertTrue(out.rstrip().endswith("3.00"))

    def test_a_bad_line_is_reported(self):
        status, _, err = self.run_report("nonsense\n")
        self.assertEqual(status, 2)
        self.assertIn("line 1", err)
