"""One module per ``myk`` command or group of commands."""
