"""WhatsApp messages: writing them, sending each at most once, and the log of what became of them.

* `compose/` makes a draft and shows what will arrive; `template_list` is what it chooses templates from.
* `sending/` confirms a message, asks the gateway and keeps what came of it.
* `reports/` is where the gateway reports to, and moves messages by what it says.
* `log/` lists messages and says in words what became of each; `retention` forgets what is personal.
"""
