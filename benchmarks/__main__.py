from mattebox.cli import main

main("benchmarks.app")
