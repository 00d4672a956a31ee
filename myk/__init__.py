"""The ``myk`` command: settings, the local stack, doctor, and the doors to the other rooms."""
