"""The order: which sample is read where and when, in closed form; nothing here reads, remembers or draws by a clock.

`order` composes `lanes`, `blocks` and `feistel` into the order of one source, `mixture` and `mixing` these into the
order of several; `batch` says which positions a rank takes. `needs`, `upcoming` and `lane_readers` follow from them.
"""
