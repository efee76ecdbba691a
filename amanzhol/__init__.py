"""The command `amanzhol`: settings, one module per subcommand, files, the embedded broker, the demo."""
