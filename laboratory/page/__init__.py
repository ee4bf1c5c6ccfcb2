"""The laboratory as a page of its own: one document that a browser shows without a server.

Why the browser does the counting. A filter must answer in 300 ms and a cell of the matrix in 200,
with 10,000 clips, also where no server is (a report that was sent by mail), and the same view must
open from the same address in both. So the columns of the table go to the browser once, as typed
arrays (some 2 MB for 10,000 clips of eight networks), and it masks and counts them, which is all
that a click needs. What takes statistics, such as intervals, slices and queues, is made here, by
`laboratory.figures`, and sent along; nothing of it is written a second time in JavaScript. The
conditions of a filter are: a test drives both with the same addresses.

The scripts of `static/` are no modules: a document that is opened from a disk may not import any.
They are put one behind the other, in the order of `document.SCRIPTS`, in one scope.
"""
