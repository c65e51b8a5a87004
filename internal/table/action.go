package table

// ActionKind says what an Action does to its item.
type ActionKind string

// The kinds of action.
const (
	ActionPut    ActionKind = "put"    // replace the whole item
	ActionDelete ActionKind = "delete" // remove it; an absent item is no error
	ActionCheck  ActionKind = "check"  // change nothing, only hold the conditions
	ActionAdd    ActionKind = "add"    // add Delta to one number; item and number start at nothing and 0
)

// Action is one step of a transaction. Build it with Put, Delete, Check or Add.
type Action struct {
	Kind ActionKind
	Item Item // Put: the whole item. Otherwise only the key counts.
	// Attribute and Delta are those of Add, which leaves the other attributes and Expires alone;
	// over an expired item it starts a new one that never expires.
	Attribute string
	Delta     int64
	If        []Condition // all must hold of the item as it was before the transaction
}

// ConditionKind is the kind of a Condition.
type ConditionKind string

// The kinds of condition. An expired item counts as absent.
const (
	IfAbsent        ConditionKind = "absent"
	IfPresent       ConditionKind = "present"
	IfEquals        ConditionKind = "equals"          // the attribute is present and equals Value
	IfBelowOrAbsent ConditionKind = "below-or-absent" // the item or the attribute is absent, or a number < Value
)

// Condition is a statement on the item of its action. Value is a string, an int64 or a bool
// for IfEquals, an int64 for IfBelowOrAbsent.
type Condition struct {
	Kind      ConditionKind
	Attribute string
	Value     any
}

// Put replaces an item.
func Put(item Item, conditions ...Condition) Action {
	return Action{Kind: ActionPut, Item: item, If: conditions}
}

// Delete removes an item.
func Delete(key Key, conditions ...Condition) Action {
	return Action{Kind: ActionDelete, Item: Item{Key: key}, If: conditions}
}

// Check holds conditions on an item that the transaction does not change.
func Check(key Key, conditions ...Condition) Action {
	return Action{Kind: ActionCheck, Item: Item{Key: key}, If: conditions}
}

// Add adds delta to a number of an item.
func Add(key Key, attribute string, delta int64, conditions ...Condition) Action {
	return Action{Kind: ActionAdd, Item: Item{Key: key}, Attribute: attribute, Delta: delta, If: conditions}
}

// Absent holds when there is no such item.
func Absent() Condition { return Condition{Kind: IfAbsent} }

// Present holds when there is one.
func Present() Condition { return Condition{Kind: IfPresent} }

// Equals holds when the attribute has this value.
func Equals(attribute string, value any) Condition {
	return Condition{Kind: IfEquals, Attribute: attribute, Value: value}
}

// BelowOrAbsent holds when the attribute is a smaller number or not there.
func BelowOrAbsent(attribute string, n int64) Condition {
	return Condition{Kind: IfBelowOrAbsent, Attribute: attribute, Value: n}
}
