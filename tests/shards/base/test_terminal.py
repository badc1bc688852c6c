from rich.table import Table

from headrace.shards.base.terminal import terminal

ADDRESS = "http://localhost:8000/" + "a-long-path/" * 40


def test_a_line_that_goes_into_a_pipe_is_never_broken(capsys):
    table = Table("url")
    table.add_row(ADDRESS)
    console = terminal()
    console.print(table)
    console.print(ADDRESS, ADDRESS)
    printed = capsys.readouterr().out.splitlines()
    assert sum(ADDRESS in line for line in printed) == 2
    assert max(map(len, printed)) < 3 * len(ADDRESS)  # what is not broken is not filled up either
