"""What Inglenook claims about speed, runnable. Each program prints its figures and, with `--json`, prints them as JSON."""
