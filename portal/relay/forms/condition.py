"""The part of a destination's form where conditions on the body are typed."""

from collections.abc import Sequence

import wtforms
from wtforms import FieldList, FormField, StringField
from wtforms.validators import ValidationError

from portal.i18n import _, _l
from portal.relay import conditions
from portal.relay.conditions import Check, Condition
from portal.web.forms import Choice, stripped, text
from portal.webhooks.header_fields import FormWithHeaders

CHECKS: dict[str, str] = {
    Check.IS: _l("is"),
    Check.IS_NOT: _l("is not"),
    Check.CONTAINS: _l("contains"),
    Check.EXISTS: _l("exists"),
}
BLANK_ROWS = 1


class ConditionForm(wtforms.Form):
    """One condition; a row without a path and a value is none."""

    path = StringField(
        _l("Field"),
        filters=[stripped],
        render_kw={"translate": "no", "autocomplete": "off", "spellcheck": "false"},
    )
    check = Choice(_l("Condition"), choices=lambda: [*CHECKS.items()], default=Check.IS)
    value = StringField(_l("Value"), filters=[stripped], render_kw={"translate": "no", "autocomplete": "off"})

    @property
    def is_used(self) -> bool:
        return bool(text(self.path) or text(self.value))

    def validate_path(self, field: StringField) -> None:
        if not self.is_used:
            return
        if not text(field):
            raise ValidationError(_("Enter a field, for example payload.type."))
        if problem := conditions.problem_with_path(text(field)):
            raise ValidationError(problem)

    def validate_value(self, field: StringField) -> None:
        if len(text(field)) > conditions.LONGEST_VALUE:
            raise ValidationError(
                _("Enter a value of no more than %(count)d characters.", count=conditions.LONGEST_VALUE)
            )
        if text(self.path) and not text(field) and self.check.data == Check.CONTAINS:
            raise ValidationError(_("Enter what the field must contain."))

    def condition(self) -> Condition:
        """What was typed; only after the form has validated."""
        check = Check(self.check.data)
        return Condition(text(self.path), check, "" if check == Check.EXISTS else text(self.value))


class FormWithConditions(FormWithHeaders):
    """A form with room for conditions, and for headers."""

    conditions = FieldList(FormField(ConditionForm), label=_l("Conditions"))

    def fill_conditions(self, held: Sequence[Condition]) -> None:
        """Show those that there are."""
        for condition in held:
            self.conditions.append_entry(condition.as_row())

    def add_blank_conditions(self, count: int = BLANK_ROWS) -> None:
        """Room for more conditions, where there is none left."""
        blank = sum(1 for row in self.conditions if not row.form.is_used)
        for _row in range(min(count - blank, conditions.MOST - len(self.conditions))):
            self.conditions.append_entry()

    def typed_conditions(self) -> list[Condition]:
        """What was entered; only after the form has validated."""
        return [row.form.condition() for row in self.conditions if row.form.is_used]

    def validate_conditions(self, _field: wtforms.Field) -> None:
        if len(self.conditions) > conditions.MOST:
            raise ValidationError(_("Enter no more than %(count)d conditions.", count=conditions.MOST))
