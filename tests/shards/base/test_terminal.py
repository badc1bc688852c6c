from rich.table import Table

from headrace.shards.base.terminal import printable, terminal

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


def test_names_of_others_cannot_steer_a_terminal():
    assert printable("größe [b] 日本") == "größe [b] 日本"
    assert printable("a\x1b[31m\udce9\n\u202e") == r"a\x1b[31m\udce9\n\u202e"
