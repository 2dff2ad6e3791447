"""nbgrader's settings for whoever validates or grades with it."""

c = get_config()  # noqa: F821  (nbgrader defines it)
c.Execute.timeout = 300  # seconds a cell: importing Keras can take longer than nbgrader's 30
