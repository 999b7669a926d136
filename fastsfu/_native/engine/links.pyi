MOST_WORKERS: int  # that one process can have
