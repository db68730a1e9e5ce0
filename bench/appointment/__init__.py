"""django-appointment as its documentation sets it up; runs in an environment of its own (bench.beside)."""
