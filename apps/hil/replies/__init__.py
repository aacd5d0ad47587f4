"""Free text as an answer: is it one to our question, and which outcome is meant? Pure: no Django, no I/O, no clock.

Two questions, kept apart. Eight factors say whether a text answers at all; a reading in code, and a model where one is
connected, say which outcome it means. What is not plain is asked back: a wrong approval is the one mistake that must
not happen, so a doubt found in code is never overruled by a model.
"""
