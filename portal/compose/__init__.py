"""Writing WhatsApp messages, sending each once, and the log of what became of them.

* Writing: `composer_views` with `forms` and `template_forms` make a draft (`drafts`, `recipients`, `media`,
  `template_list`); `preview` and `markup` show what will arrive, `reviewing` what speaks against it.
* Sending: `sending` confirms, `calling` asks the gateway, `results` is what came of it; `callback` and its pages
  are where the gateway reports to, `reports` reads that and `statuses` moves the message by it.
* The log: `pages` with `filters`, `log` and `exporting`; `showing` is a message as a person may see it (`numbers`,
  `names`), `outcome` says in the words of `outcome_words` what became of it. `retention` forgets.
"""

from flask import Blueprint

blueprint = Blueprint("compose", __name__)

import portal.compose.callback_pages  # noqa: E402 - they register their views on the blueprint
import portal.compose.composer_views  # noqa: E402
import portal.compose.pages  # noqa: E402, F401
