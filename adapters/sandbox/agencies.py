"""The agencies of the sandbox's city: one tree with one root. An office names its own from here, or makes another."""

from __future__ import annotations

from adapters.sandbox.office import Agency

CITY = Agency("demo-city", "演示市政务服务中心", "Demo City Service Centre", parent=None)
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
CIVIL_OFFICE = Agency("demo-civil-office", "演示市民政局", "Demo City Civil Affairs Office")
GOVERNMENT_OFFICE = Agency("demo-government-office", "演示市人民政府办公室", "Demo City Government Office")
