"""A fleet, two coordinators, a colleague in flinkey, faults and deaths in any order: nothing is lost or done twice."""
