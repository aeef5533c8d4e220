"""Articles: a page or a feed's entry in, an article out. All of it is pure.

Only `bot.articles.extractor` imports trafilatura (20 MB), and only a worker process imports it.
"""
