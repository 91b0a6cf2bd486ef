"""What the documentation says works: the commands and programs in README.md and docs/serve.md, as they stand there."""

import os
import re
import subprocess
import sys

from harness import Case, server
from test_cli import AWS, environment

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")
DOCUMENTED = "http://127.0.0.1:8083"


def blocks(page, language):
    """The blocks of a page in a language, with the address of this server."""
    with open(os.path.join(ROOT, page)) as file:
        text = file.read()
    found = re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [block.replace(DOCUMENTED, server().url) for block in found]


class Documented(Case):
    def ran(self, command, **named):
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, **named)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def shell(self, text):
        """Runs lines with this environment's programs, and with none of its settings for AWS."""
        kept = {name: value for name, value in environment().items() if not name.startswith("AWS_")}
        path = os.path.dirname(AWS) + os.pathsep + os.environ["PATH"]
        return self.ran(["bash", "-euc", text], env={**kept, "PATH": path, "AWS_PAGER": ""})

    def test_the_readme_s_first_execution_and_its_commands(self):
        texts = blocks("README.md", "sh")
        program = next(text for text in texts if "PYTHON" in text).split("<<'PYTHON'\n")[1].split("PYTHON\n")[0]
        self.assertEqual(self.ran([sys.executable, "-c", program]), 'SUCCEEDED {"greeting":"Hello, Ada!"}\n')
        commands = next(text for text in texts if "aws stepfunctions start-execution" in text)
        self.assertIn("arn:aws:states:us-east-1:123456789012:execution:greeter:", self.shell(commands))

    def test_the_clients_of_the_server_s_page(self):
        program = next(text for text in blocks("docs/serve.md", "python") if "boto3.client(" in text)
        names = {}
        exec(program, names)
        self.assertIn("stateMachines", names["sfn"].list_state_machines())
        commands = next(text for text in blocks("docs/serve.md", "sh") if "aws stepfunctions" in text)
        self.assertIn("stateMachines", self.shell(commands))
