"""What Inglenook claims about speed, runnable. Each program prints its figures, with `--json` as JSON."""
