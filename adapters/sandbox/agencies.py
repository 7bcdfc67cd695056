"""The agencies of the sandbox: one tree with one root, three levels of government. An office names its own from here, or makes another.

The province has the registers and the mini-programs and looks at how its cities work; the city runs the counter; one of its districts
has an office of its own.
"""

from __future__ import annotations

from adapters.sandbox.office import Agency

PROVINCE = Agency("demo-province", "演示省政务服务管理局", "Demo Province Government Services Office", parent=None)
CITY = Agency("demo-city", "演示市政务服务中心", "Demo City Service Centre", parent=PROVINCE.slug)
DISTRICT = Agency("demo-district", "演示市东湖区政务服务中心", "Donghu District Service Centre, Demo City")
LEVELS = (PROVINCE, CITY, DISTRICT)
"""The levels of government, the highest first: they are there whichever offices run."""

GAS_OFFICE = Agency("demo-gas-office", "演示市燃气办", "Demo City Gas Office")
WATER_OFFICE = Agency("demo-water-office", "演示市供水办", "Demo City Water Office")
POWER_OFFICE = Agency("demo-power-office", "演示市电力管理办公室", "Demo City Power Office")
HEATING_OFFICE = Agency("demo-heating-office", "演示市供热管理办公室", "Demo City Heating Office")
TAX_BUREAU = Agency("demo-tax-bureau", "演示市税务局", "Demo City Tax Bureau")
VEHICLE_OFFICE = Agency("demo-vehicle-office", "演示市公安局车辆管理所", "Demo City Vehicle Office")
SOCIAL_OFFICE = Agency("demo-social-office", "演示市社会保险事业管理中心", "Demo City Social Insurance Centre")
LABOUR_OFFICE = Agency("demo-labour-office", "演示市人力资源和社会保障局", "Demo City Labour Office")
MARKET_OFFICE = Agency("demo-market-office", "演示市市场监督管理局", "Demo City Market Office")
MEDICAL_OFFICE = Agency("demo-medical-office", "演示市医疗保障局", "Demo City Medical Security Office")
HEALTH_OFFICE = Agency("demo-health-office", "演示市卫生健康委员会", "Demo City Health Office")
POLICE_OFFICE = Agency("demo-police-office", "演示市公安局户政科", "Demo City Household Registration Office")
TREASURY = Agency("demo-treasury", "演示市财政局", "Demo City Treasury")
CIVIL_OFFICE = Agency(
    "demo-civil-office", "演示市东湖区民政局", "Donghu District Civil Affairs Office, Demo City", parent=DISTRICT.slug
)
GOVERNMENT_OFFICE = Agency("demo-government-office", "演示市人民政府办公室", "Demo City Government Office")
