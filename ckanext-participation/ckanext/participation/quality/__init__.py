"""What a dataset lacks, told to the organisation that can mend it.

Promises: every active dataset is judged by the same few named rules soon after it arrives or changes, whoever wrote it; a rule answers
met, not met or cannot tell, and what is not met comes with a sentence that says what to do. Addresses of files are asked rarely, slowly
and by name (`links`). Leaves out: judging what is inside the files, and marks out of a hundred: nobody has shown which rule weighs how
much. Neighbours: `common`, `licences`; harvesting and threads tell it through the registry where datasets come from and what is said.
"""
